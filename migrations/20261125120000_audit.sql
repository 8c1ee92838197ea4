-- The audit log: what was asked, by whom, and what became of it. Append-only and hash-chained (src/audit/mod.rs).
--
-- A record is a JSON text, kept as the very bytes that were hashed: impronta = SHA-256(impronta before || record). Each run
-- of a service writes one chain; `audit_catena` has its head, so that a record removed from the end is missed too.

create table audit_catena (
    catena    bigint generated always as identity primary key,
    -- Which instance writes it.
    istanza   text not null,
    aperta_il timestamptz not null,
    -- Position and impronta of the last record; 0 and 32 zero bytes before the first.
    numero    bigint not null default 0,
    impronta  bytea not null default decode(repeat('00', 32), 'hex') check (octet_length(impronta) = 32)
);

create table audit_registro (
    catena   bigint not null references audit_catena,
    numero   bigint not null check (numero > 0),
    istante  timestamptz not null,
    record   text not null,
    impronta bytea not null check (octet_length(impronta) = 32),
    primary key (catena, numero)
);

-- Records come in the order of time, near enough: an index of a few pages finds a day.
create index audit_registro_istante on audit_registro using brin (istante);

-- Once a day the heads of all chains, chained in turn: what stands before an anchor cannot be rewritten unseen by
-- whoever kept the anchor's impronta (it goes to the log too).
create table audit_ancora (
    numero   bigint primary key check (numero > 0),
    giorno   date not null unique,
    ancora   text not null,
    impronta bytea not null check (octet_length(impronta) = 32)
);

-- Records older than the retention were removed up to the heads of an anchor, and up to nowhere else.
create table audit_potatura (
    ancora  bigint not null references audit_ancora,
    quando  timestamptz not null,
    chi     text not null,
    righe   bigint not null check (righe >= 0),
    primary key (ancora, quando)
);

-- Records as columns, for whoever reads them.
create view audit_chiamata as
select catena, numero, istante,
       record::json ->> 'tipo' as tipo,
       record::json ->> 'rpc' as rpc,
       record::json ->> 'soggetto' as soggetto,
       record::json ->> 'ente' as ente,
       (record::json ->> 'abilitazione')::bigint as abilitazione,
       record::json ->> 'profilo' as profilo,
       record::json ->> 'utente' as utente,
       record::json ->> 'finalita' as finalita,
       record::json ->> 'jti' as jti,
       record::json ->> 'indirizzo' as indirizzo,
       record::json -> 'selezione' as selezione,
       (record::json ->> 'rilevazione')::integer as rilevazione,
       record::json ->> 'decisione' as decisione,
       record::json ->> 'motivo' as motivo,
       record::json ->> 'politica' as politica,
       record::json ->> 'traccia' as traccia,
       record::json ->> 'esito' as esito,
       (record::json ->> 'righe')::bigint as righe,
       (record::json ->> 'byte')::bigint as byte,
       (record::json ->> 'inizio')::bigint as inizio
from audit_registro;

-- The serving role appends. The head of its chain is the one thing that it changes.
grant select, insert on audit_catena, audit_registro, audit_ancora to omnia_servizio;
grant update (numero, impronta) on audit_catena to omnia_servizio;
