-- The appropriations, with the range of rilevazioni in which each row holds: rilevazione n sees the rows with
-- dal_rilevazione <= n <= al_rilevazione. An open row ends at the largest integer, so that no query needs a null.

create table stanziamento (
    normativa       text collate "C" not null references normativa,
    prestazione     text collate "C" not null references prestazione,
    anno            integer not null,
    importo         numeric(18, 2) not null check (importo >= 0),
    dal_rilevazione integer not null,
    al_rilevazione  integer not null default 2147483647,
    primary key (normativa, prestazione, anno, dal_rilevazione),
    check (al_rilevazione >= dal_rilevazione)
);

create unique index stanziamento_aperto
    on stanziamento (normativa, prestazione, anno) where al_rilevazione = 2147483647;
