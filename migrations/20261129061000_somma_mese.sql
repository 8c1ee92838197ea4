-- What the rows of a norm and a benefit add up to by month (src/rilevazione/month_sums.rs), for figures over time: by the month of the
-- decree, by the month in which the validity begins, and on an accrual basis (competenza), which spreads an amount evenly over the days of validity.
--
-- Derived from dettaglio_decreto by the load, in its transaction, and versioned like it.

create table somma_mese (
    normativa              text collate "C" not null,
    prestazione            text collate "C" not null,
    -- Its first day.
    mese                   date not null check (extract(day from mese) = 1),
    -- Of the rows whose decree is of this month.
    decretati_righe        bigint not null,
    decretati_ore          numeric(28, 2) not null,
    decretati_autorizzati  numeric(28, 2) not null,
    decretati_erogati      numeric(28, 2) not null,
    -- Of those whose validity begins in it.
    iniziano_righe         bigint not null,
    iniziano_ore           numeric(28, 2) not null,
    iniziano_autorizzati   numeric(28, 2) not null,
    iniziano_erogati       numeric(28, 2) not null,
    -- How many rows' validity ends in it.
    finiscono_righe        bigint not null,
    -- The shares that fall in it.
    competenza_ore         numeric(28, 2) not null,
    competenza_autorizzati numeric(28, 2) not null,
    competenza_erogati     numeric(28, 2) not null,
    dal_rilevazione        integer not null,
    al_rilevazione         integer not null default 2147483647,
    primary key (normativa, prestazione, mese, dal_rilevazione),
    check (al_rilevazione >= dal_rilevazione)
);

create unique index somma_mese_aperta
    on somma_mese (normativa, prestazione, mese) where al_rilevazione = 2147483647;

-- The shares of the decrees of a month in another month: how decrees reach into the months and years around them.
create table competenza_mese (
    normativa       text collate "C" not null,
    prestazione     text collate "C" not null,
    mese_decreto    date not null check (extract(day from mese_decreto) = 1),
    mese            date not null check (extract(day from mese) = 1),
    ore             numeric(28, 2) not null,
    autorizzati     numeric(28, 2) not null,
    erogati         numeric(28, 2) not null,
    dal_rilevazione integer not null,
    al_rilevazione  integer not null default 2147483647,
    primary key (normativa, prestazione, mese_decreto, mese, dal_rilevazione),
    check (al_rilevazione >= dal_rilevazione)
);

create unique index competenza_mese_aperta
    on competenza_mese (normativa, prestazione, mese_decreto, mese) where al_rilevazione = 2147483647;

grant select on somma_mese, competenza_mese to omnia_servizio;

-- Of the rilevazioni that are there: from the rows. A version of a norm is the rilevazioni in which its rows are the same.
create temporary table versione on commit drop as
    select normativa, dal, coalesce(lead(dal) over (partition by normativa order by dal) - 1, 2147483647) as al
    from (select normativa, dal_rilevazione as dal from dettaglio_decreto
          union
          select normativa, al_rilevazione + 1 from dettaglio_decreto where al_rilevazione < 2147483647) inizi;

insert into competenza_mese
with riga as (
    select v.normativa, d.prestazione, date_trunc('month', d.data_decreto::timestamp)::date as mese_decreto, m.mese::date as mese, v.dal, v.al,
           (d.validita_al - d.validita_dal + 1)::numeric as n,
           greatest(m.mese::date - d.validita_dal, 0)::numeric as prima,
           least((m.mese + interval '1 month')::date, d.validita_al + 1) - d.validita_dal as dopo,
           d.ore_decretate * 100 as o, d.importi_autorizzati * 100 as a, d.importi_erogati * 100 as e
    from versione v
    join dettaglio_decreto d
        on d.normativa = v.normativa and d.dal_rilevazione <= v.dal and d.al_rilevazione >= v.dal
    cross join lateral generate_series(date_trunc('month', d.validita_dal::timestamp), d.validita_al::timestamp, interval '1 month') m (mese)
),
quota as (
    select normativa, prestazione, mese_decreto, mese, dal, al,
           sum(div(o * dopo, n) - div(o * prima, n)) / 100 as ore,
           sum(div(a * dopo, n) - div(a * prima, n)) / 100 as autorizzati,
           sum(div(e * dopo, n) - div(e * prima, n)) / 100 as erogati
    from riga
    group by normativa, prestazione, mese_decreto, mese, dal, al
),
-- A month without a share between months that have one is there, with zero.
estremi as (
    select normativa, prestazione, mese_decreto, dal, al, min(mese) as primo, max(mese) as ultimo
    from quota
    group by normativa, prestazione, mese_decreto, dal, al
)
select x.normativa, x.prestazione, x.mese_decreto, m.mese::date, coalesce(q.ore, 0), coalesce(q.autorizzati, 0), coalesce(q.erogati, 0),
       x.dal, x.al
from estremi x
cross join lateral generate_series(x.primo::timestamp, x.ultimo::timestamp, interval '1 month') m (mese)
left join quota q
    on q.normativa = x.normativa and q.prestazione = x.prestazione and q.mese_decreto = x.mese_decreto and q.dal = x.dal
       and q.mese = m.mese::date;

insert into somma_mese
with riga as (
    select v.normativa, v.dal, v.al, d.prestazione, d.ore_decretate, d.importi_autorizzati, d.importi_erogati,
           date_trunc('month', d.data_decreto::timestamp)::date as decretato, date_trunc('month', d.validita_dal::timestamp)::date as inizia,
           date_trunc('month', d.validita_al::timestamp)::date as finisce
    from versione v
    join dettaglio_decreto d
        on d.normativa = v.normativa and d.dal_rilevazione <= v.dal and d.al_rilevazione >= v.dal
),
voce as (
    select normativa, prestazione, dal, al, decretato as mese, 1 as dr, ore_decretate as d_o, importi_autorizzati as da,
           importi_erogati as de, 0 as ir, 0 as io, 0 as ia, 0 as ie, 0 as fr, 0 as co, 0 as ca, 0 as ce
    from riga
    union all
    select normativa, prestazione, dal, al, inizia, 0, 0, 0, 0, 1, ore_decretate, importi_autorizzati, importi_erogati, 0, 0, 0, 0
    from riga
    union all
    select normativa, prestazione, dal, al, finisce, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0
    from riga
    union all
    select normativa, prestazione, dal_rilevazione, al_rilevazione, mese, 0, 0, 0, 0, 0, 0, 0, 0, 0, ore, autorizzati, erogati
    from competenza_mese
)
select normativa, prestazione, mese, sum(dr), sum(d_o), sum(da), sum(de), sum(ir), sum(io), sum(ia), sum(ie), sum(fr), sum(co), sum(ca),
       sum(ce), dal, al
from voce
group by normativa, prestazione, mese, dal, al;

-- What was noted of them, as src/rilevazione/control.rs has it.
alter table totale_controllo
    add column mesi bytea check (octet_length(mesi) = 32),
    add column competenza bytea check (octet_length(competenza) = 32);

update totale_controllo t
set mesi = sha256(convert_to(
        t.normativa || ' ' || t.prestazione || E'\n' || (
            select string_agg(
                concat_ws(' ', to_char(mese, 'YYYY-MM'),
                    decretati_righe, trunc(decretati_ore * 100), trunc(decretati_autorizzati * 100), trunc(decretati_erogati * 100),
                    iniziano_righe, trunc(iniziano_ore * 100), trunc(iniziano_autorizzati * 100), trunc(iniziano_erogati * 100),
                    finiscono_righe,
                    trunc(competenza_ore * 100), trunc(competenza_autorizzati * 100), trunc(competenza_erogati * 100)) || E'\n',
                '' order by mese)
            from somma_mese s
            where s.normativa = t.normativa and s.prestazione = t.prestazione and s.dal_rilevazione = t.dal_rilevazione), 'UTF8')),
    competenza = sha256(convert_to(
        t.normativa || ' ' || t.prestazione || E'\n' || (
            select string_agg(
                concat_ws(' ', to_char(mese_decreto, 'YYYY-MM'), to_char(mese, 'YYYY-MM'), trunc(ore * 100), trunc(autorizzati * 100),
                    trunc(erogati * 100)) || E'\n',
                '' order by mese_decreto, mese)
            from competenza_mese c
            where c.normativa = t.normativa and c.prestazione = t.prestazione and c.dal_rilevazione = t.dal_rilevazione), 'UTF8'));

-- Totals that no row stands behind any more are wrong already, and stay so.
update totale_controllo set mesi = sha256(''), competenza = sha256('') where mesi is null or competenza is null;
alter table totale_controllo alter column mesi set not null, alter column competenza set not null;

-- The seals with them, of those that held before.
with sigillo as (
    select r.numero,
           sha256(convert_to(coalesce(string_agg(
               concat(normativa, ' ', prestazione, ' ', righe, ' ', ore_decretate, ' ', importi_autorizzati, ' ', importi_erogati, ' ',
                      encode(somme, 'hex'), E'\n'),
               '' order by normativa, prestazione), ''), 'UTF8')) as prima,
           sha256(convert_to(coalesce(string_agg(
               concat(normativa, ' ', prestazione, ' ', righe, ' ', ore_decretate, ' ', importi_autorizzati, ' ', importi_erogati, ' ',
                      encode(somme, 'hex'), ' ', encode(mesi, 'hex'), ' ', encode(competenza, 'hex'), E'\n'),
               '' order by normativa, prestazione), ''), 'UTF8')) as dopo
    from rilevazione r
    left join totale_controllo t on t.dal_rilevazione <= r.numero and t.al_rilevazione >= r.numero
    where t.normativa is not null
    group by r.numero
)
update rilevazione r set totali = s.dopo from sigillo s where s.numero = r.numero and r.totali = s.prima;

analyze somma_mese;
analyze competenza_mese;
