-- Blocks: the rows of a norm in reading order, encoded as an export sends them (src/lotto/blocco.rs). Derived data: the rows
-- are in dettaglio_decreto, and `omnia blocks rebuild` makes the blocks again.

-- The blocks of one norm, for the rilevazioni in which its rows are the same. A load that changes a norm ends its
-- series and begins another.
create table serie (
    id               bigint generated always as identity primary key,
    normativa        text collate "C" not null,
    dal_rilevazione  integer not null,
    al_rilevazione   integer not null default 2147483647,
    -- Rows in each block but the last.
    righe_per_blocco integer not null check (righe_per_blocco > 0),
    -- How many there are: a reader that finds fewer does not take the last one for the end.
    blocchi          integer not null default 0 check (blocchi >= 0),
    unique (normativa, dal_rilevazione),
    check (al_rilevazione >= dal_rilevazione)
);

create table blocco (
    serie               bigint not null references serie on delete cascade,
    -- 0, 1, 2…: the reading order.
    posto               integer not null check (posto >= 0),
    righe               integer not null check (righe > 0),
    -- Control totals.
    ore_decretate       numeric(24, 2) not null,
    importi_autorizzati numeric(24, 2) not null,
    importi_erogati     numeric(24, 2) not null,
    -- The keys of the first and of the last row.
    prima_data          date not null,
    prima_numero        text collate "C" not null,
    prima_id            bigint not null,
    ultima_data         date not null,
    ultima_numero       text collate "C" not null,
    ultima_id           bigint not null,
    -- What is in it, for whoever looks for something: earliest and latest days, benefits, rows of each codifica.
    validita_dal_min    date not null,
    validita_dal_max    date not null,
    validita_al_min     date not null,
    validita_al_max     date not null,
    prestazioni         text[] collate "C" not null,
    codifiche           text[] collate "C" not null,
    codifiche_righe     integer[] not null,
    -- Length of the rows' bytes, and these compressed (LZ4), natural persons masked.
    byte                integer not null check (byte > 0),
    lotto               bytea not null,
    -- The natural persons that are masked there, and where. Read only for who may see them.
    persone             bytea not null,
    primary key (serie, posto)
);

-- Compressed already.
alter table blocco alter column lotto set storage external;
alter table blocco alter column persone set storage external;

grant select on serie, blocco to omnia_servizio;
