-- Rilevazioni that were taken out of the way: one that was loaded with too late a day would keep out all true ones until then. They
-- are never the latest again, and answer by their number as before. Rows are added and never changed: who did it, when and why
-- stays known.
create table ritiro (
    rilevazione integer primary key references rilevazione,
    istante     timestamptz not null,
    -- The name that was given to `omnia load withdraw`.
    operatore   text not null check (operatore ~ '\S'),
    motivo      text not null check (motivo ~ '\S')
);

create trigger ritiro_immutabile before update or delete or truncate on ritiro
    for each statement execute function abilitazione_immutabile();

-- Callers learn that and when. By whom and why is the operators' business.
grant select (rilevazione, istante) on ritiro to omnia_servizio;
