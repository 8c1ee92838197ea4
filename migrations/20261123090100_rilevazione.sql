-- One row for each load that was committed. The row is written in the transaction of the load's data: a
-- rilevazione that can be seen is whole.

create table rilevazione (
    numero           integer primary key check (numero > 0),
    data_riferimento date not null,
    caricata_il      timestamptz not null,
    -- SHA-256 of the files and the reference date: the same extract twice is the same rilevazione.
    impronta         bytea not null unique check (octet_length(impronta) = 32)
);
