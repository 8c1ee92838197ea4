-- What the decrees of a norm and a benefit that begin, or end, on a day add up to: from this the report is made for any
-- periodo without a row of the detail (src/report/cumuli.rs has the formula). A day is here if a validity begins or ends
-- on it, be the amounts zero: a pair with a day is a pair with decrees.
--
-- Derived from dettaglio_decreto by the load, in its transaction, and versioned like it. A load writes only the days of
-- the norms it changed that it makes another sum of.

create table somma_giorno (
    normativa             text collate "C" not null,
    prestazione           text collate "C" not null,
    giorno                date not null,
    -- Of the decrees whose first day it is.
    iniziano_autorizzati  numeric(28, 2) not null,
    iniziano_erogati      numeric(28, 2) not null,
    -- Of those whose last day it is.
    finiscono_autorizzati numeric(28, 2) not null,
    finiscono_erogati     numeric(28, 2) not null,
    dal_rilevazione       integer not null,
    al_rilevazione        integer not null default 2147483647,
    primary key (normativa, prestazione, giorno, dal_rilevazione),
    check (al_rilevazione >= dal_rilevazione)
);

create unique index somma_giorno_aperta
    on somma_giorno (normativa, prestazione, giorno) where al_rilevazione = 2147483647;

grant select on somma_giorno to omnia_servizio;

-- The rilevazioni that are there, each as its load would have written it.
create temporary table cambiate (normativa text collate "C" primary key) on commit drop;
create temporary table nuove (like somma_giorno) on commit drop;
alter table nuove drop column dal_rilevazione, drop column al_rilevazione;

do $$
declare
    n integer;
begin
    for n in select numero from rilevazione order by numero loop
        truncate cambiate, nuove;
        insert into cambiate
        select distinct normativa from dettaglio_decreto where dal_rilevazione = n or al_rilevazione = n - 1;

        insert into nuove
        select normativa, prestazione, giorno,
               coalesce(sum(importi_autorizzati) filter (where giorno_primo), 0),
               coalesce(sum(importi_erogati) filter (where giorno_primo), 0),
               coalesce(sum(importi_autorizzati) filter (where not giorno_primo), 0),
               coalesce(sum(importi_erogati) filter (where not giorno_primo), 0)
        from dettaglio_decreto
        join cambiate using (normativa)
        cross join lateral (values (validita_dal, true), (validita_al, false)) giorni (giorno, giorno_primo)
        where dal_rilevazione <= n and al_rilevazione >= n
        group by normativa, prestazione, giorno;

        update somma_giorno aperta
        set al_rilevazione = n - 1
        where al_rilevazione = 2147483647
          and normativa in (select normativa from cambiate)
          and not exists (
              select from nuove nuova
              where nuova.normativa = aperta.normativa
                and nuova.prestazione = aperta.prestazione
                and nuova.giorno = aperta.giorno
                and nuova.iniziano_autorizzati = aperta.iniziano_autorizzati
                and nuova.iniziano_erogati = aperta.iniziano_erogati
                and nuova.finiscono_autorizzati = aperta.finiscono_autorizzati
                and nuova.finiscono_erogati = aperta.finiscono_erogati);

        insert into somma_giorno
        select nuova.*, n
        from nuove nuova
        where not exists (
            select from somma_giorno aperta
            where aperta.al_rilevazione = 2147483647
              and aperta.normativa = nuova.normativa
              and aperta.prestazione = nuova.prestazione
              and aperta.giorno = nuova.giorno);
    end loop;
end
$$;
