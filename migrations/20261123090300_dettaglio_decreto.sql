-- The rows of the detail, versioned like the appropriations.
--
-- No foreign key to normativa and prestazione: it would cost a look-up for each of millions of rows, and the loader,
-- the only writer, checks both against the catalogue before it writes.
--
-- `id` follows the order of loading. Rows are read by (data_decreto, numero_decreto, id): a position that a
-- page token can hold without personal data.

create table dettaglio_decreto (
    id                     bigint generated always as identity,
    normativa              text collate "C" not null,
    prestazione            text collate "C" not null,
    codifica_sistema_unico text collate "C" not null,
    numero_decreto         text collate "C" not null,
    data_decreto           date not null,
    validita_dal           date not null,
    validita_al            date not null,
    cf_azienda             text collate "C" not null check (length(cf_azienda) in (11, 16)),
    matricola_azienda      text collate "C" not null,
    ore_decretate          numeric(18, 2) not null check (ore_decretate >= 0),
    importi_autorizzati    numeric(18, 2) not null check (importi_autorizzati >= 0),
    importi_erogati        numeric(18, 2) not null check (importi_erogati >= 0),
    dal_rilevazione        integer not null,
    al_rilevazione         integer not null default 2147483647,
    check (validita_al >= validita_dal),
    check (al_rilevazione >= dal_rilevazione)
);

-- The natural key: one open version of each row.
create unique index dettaglio_decreto_chiave
    on dettaglio_decreto
    (codifica_sistema_unico, numero_decreto, data_decreto, cf_azienda, matricola_azienda, validita_dal)
    where al_rilevazione = 2147483647;

-- One index for each way in. Each ends with the reading order, so that a page is a range of the index and never a sort.
create index dettaglio_decreto_ordine
    on dettaglio_decreto (normativa, data_decreto, numero_decreto, id);
create index dettaglio_decreto_codifica
    on dettaglio_decreto (normativa, codifica_sistema_unico, data_decreto, numero_decreto, id);
create index dettaglio_decreto_numero
    on dettaglio_decreto (normativa, numero_decreto, data_decreto, id);
create index dettaglio_decreto_cf
    on dettaglio_decreto (cf_azienda, normativa, data_decreto, numero_decreto, id);
create index dettaglio_decreto_matricola
    on dettaglio_decreto (matricola_azienda, normativa, data_decreto, numero_decreto, id);
