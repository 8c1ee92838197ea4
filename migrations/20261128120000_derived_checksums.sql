-- What tells whether derived data are what the load made of the rows. Against accidents (a disk, a hand), not against somebody who may
-- write here and takes the pains to write all of it anew.

-- Control totals: what the rows of a norm and a benefit add up to, for the rilevazioni in which the norm's rows are the same. A load
-- that changes a norm ends all its totals and begins others, as it does with its series. A report or an export that comes to
-- something else ends with an error.
create table totale_controllo (
    normativa           text collate "C" not null,
    prestazione         text collate "C" not null,
    dal_rilevazione     integer not null,
    al_rilevazione      integer not null default 2147483647,
    righe               bigint not null check (righe > 0),
    ore_decretate       numeric(28, 2) not null,
    importi_autorizzati numeric(28, 2) not null,
    importi_erogati     numeric(28, 2) not null,
    -- SHA-256 of the sums by day (src/rilevazione/control.rs has the form).
    somme               bytea not null check (octet_length(somme) = 32),
    primary key (normativa, prestazione, dal_rilevazione),
    check (al_rilevazione >= dal_rilevazione)
);

grant select on totale_controllo to omnia_servizio;

-- Of the rilevazioni that are there: from the rows.
insert into totale_controllo
with versione as (
    select normativa, dal, coalesce(lead(dal) over (partition by normativa order by dal) - 1, 2147483647) as al
    from (select normativa, dal_rilevazione as dal from dettaglio_decreto
          union
          select normativa, al_rilevazione + 1 from dettaglio_decreto where al_rilevazione < 2147483647) inizi
),
totale as (
    select v.normativa, d.prestazione, v.dal, v.al, count(*) as righe, sum(d.ore_decretate) as ore,
           sum(d.importi_autorizzati) as autorizzati, sum(d.importi_erogati) as erogati
    from versione v
    join dettaglio_decreto d
        on d.normativa = v.normativa and d.dal_rilevazione <= v.dal and d.al_rilevazione >= v.dal
    group by v.normativa, d.prestazione, v.dal, v.al
),
giornata as (
    select v.normativa, d.prestazione, v.dal, g.giorno,
           coalesce(sum(d.importi_autorizzati) filter (where g.primo), 0)::numeric(28, 2) as inizia_a,
           coalesce(sum(d.importi_erogati) filter (where g.primo), 0)::numeric(28, 2) as inizia_e,
           coalesce(sum(d.importi_autorizzati) filter (where not g.primo), 0)::numeric(28, 2) as finisce_a,
           coalesce(sum(d.importi_erogati) filter (where not g.primo), 0)::numeric(28, 2) as finisce_e
    from versione v
    join dettaglio_decreto d
        on d.normativa = v.normativa and d.dal_rilevazione <= v.dal and d.al_rilevazione >= v.dal
    cross join lateral (values (d.validita_dal, true), (d.validita_al, false)) g (giorno, primo)
    group by v.normativa, d.prestazione, v.dal, g.giorno
),
impronta as (
    select normativa, prestazione, dal,
           sha256(convert_to(
               normativa || ' ' || prestazione || E'\n'
               || string_agg(concat(to_char(giorno, 'YYYY-MM-DD'), ' ', inizia_a, ' ', inizia_e, ' ', finisce_a, ' ', finisce_e, E'\n'),
                             '' order by giorno),
               'UTF8')) as somme
    from giornata
    group by normativa, prestazione, dal
)
select normativa, prestazione, dal, al, righe, ore, autorizzati, erogati, somme
from totale
join impronta using (normativa, prestazione, dal);

-- Of all the totals of a rilevazione, so that none of them can go missing.
alter table rilevazione add column totali bytea check (octet_length(totali) = 32);
update rilevazione r
set totali = sha256(convert_to((
    select coalesce(string_agg(concat(normativa, ' ', prestazione, ' ', righe, ' ', ore_decretate, ' ', importi_autorizzati, ' ',
                                      importi_erogati, ' ', encode(somme, 'hex'), E'\n'),
                               '' order by normativa, prestazione), '')
    from totale_controllo
    where dal_rilevazione <= r.numero and al_rilevazione >= r.numero), 'UTF8'));

-- XXH3 of each block, made when it is stored and compared before a byte of it leaves (src/lotto/checksum.rs): of its row here; of its
-- codifiche; of its rows, their natural persons, its record batch and the natural persons of that. Each is bound to the norm, the
-- rilevazione and the place, so that two blocks cannot stand for each other. And one of the row of a series.
--
-- Blocks from before have none: their norms are read from the rows until `omnia derived rebuild`.
alter table blocco add column checksum bigint[];
alter table serie add column checksum bigint;
