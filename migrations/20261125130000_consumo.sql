-- Calls of a subject in a day (in Rome), for all instances together: what the quota `al_giorno` is counted by.
-- An instance takes them in lots, so the number may be a little ahead of the calls that were made.

create table consumo (
    soggetto     text not null,
    giorno       date not null,
    chiamate     bigint not null check (chiamate >= 0),
    -- How much the last instance got that took some: what its statement gives back.
    ultimo_lotto bigint not null check (ultimo_lotto >= 0),
    primary key (soggetto, giorno)
);

grant select, insert on consumo to omnia_servizio;
grant update (chiamate, ultimo_lotto) on consumo to omnia_servizio;
