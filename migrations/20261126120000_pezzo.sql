-- What a block holds, in pieces that fit in a page: out of line (TOAST) Postgres would cut it into pieces of two kilobytes, and put
-- it together again for each reader, at twice the cost.
create table pezzo (
    serie  bigint not null references serie on delete cascade,
    posto  integer not null,
    -- Of what: the rows (LZ4, natural persons masked); the natural persons that are masked there, and where; the same two of
    -- the record batch of Arrow (src/arrow/conservato.rs), whose first piece is the header of its message. What a caller may not
    -- see is not read: the persons come after what they belong to.
    cosa   text collate "C" not null check (cosa in ('batch', 'batch_persone', 'lotto', 'lotto_persone')),
    -- 0, 1, 2…: one after the other they are the whole.
    numero integer not null,
    byte   bytea not null,
    primary key (serie, posto, cosa, numero)
);

-- Never out of line; and compressed already.
alter table pezzo alter column byte set storage plain;

insert into pezzo
select serie, posto, cosa, numero, substr(intero, numero * 8000 + 1, 8000)
from blocco,
     lateral (values ('lotto', lotto), ('lotto_persone', persone)) as c (cosa, intero),
     lateral generate_series(0, (length(intero) - 1) / 8000) as n (numero)
where length(intero) > 0
order by 1, 2, 3, 4;

-- What there is of a block besides its rows. A block that was made before this has no batch: a flight encodes its rows when it is asked
-- for, until `omnia blocks rebuild`.
alter table blocco
    -- How many natural persons are masked: whoever is to see them and finds fewer codes has an error.
    add column mascherate integer,
    -- Length of the body of the batch.
    add column batch_byte integer check (batch_byte > 0);
update blocco set mascherate = length(persone) / 20;
alter table blocco
    alter column mascherate set not null,
    drop column lotto,
    drop column persone;

-- The texts of the dictionaries that the batches of a series point into. Without them it has no batches.
alter table serie
    add column dizionario_prestazioni text[] collate "C",
    add column dizionario_codifiche   text[] collate "C",
    add check ((dizionario_prestazioni is null) = (dizionario_codifiche is null));

grant select on pezzo to omnia_servizio;
