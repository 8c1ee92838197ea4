-- Which rilevazione was the last to be loaded when another was withdrawn. So the history seen from a rilevazione is told by numbers, and not
-- by clocks: a later one sees the withdrawal, an earlier one does not, for ever.

alter table ritiro add column ultima_caricata integer;
alter table ritiro disable trigger ritiro_immutabile;
update ritiro
set ultima_caricata = greatest(
    rilevazione,
    (select coalesce(max(numero), 0) from rilevazione where caricata_il <= istante));
alter table ritiro enable trigger ritiro_immutabile;
alter table ritiro alter column ultima_caricata set not null;
alter table ritiro add check (ultima_caricata >= rilevazione);

grant select (ultima_caricata) on ritiro to omnia_servizio;
