-- The AA07 grants: what INPS gave to whom. A grant is never deleted: who could see what, and when, must stay known.

create table abilitazione (
    id            bigint generated always as identity primary key,
    -- The `sub` of the token: a client id or a person.
    soggetto      text not null check (soggetto <> ''),
    ente          text not null check (ente in ('MLPS', 'MEF', 'INPS')),
    -- The application that the form names.
    applicazione  text not null,
    profilo       text not null check (profilo <> ''),
    -- Codes, or the single element '*' for all: an empty list is not a grant of everything, it is refused.
    normative     text[] not null check (cardinality(normative) > 0),
    prestazioni   text[] not null check (cardinality(prestazioni) > 0),
    -- Both days included, in Rome.
    valida_dal    date not null,
    valida_al     date not null,
    registrata_il timestamptz not null,
    registrata_da text not null,
    revocata_il   timestamptz,
    revocata_da   text,
    check (valida_al >= valida_dal),
    check ((revocata_il is null) = (revocata_da is null))
);

create index abilitazione_soggetto on abilitazione (soggetto);
