-- Whether the law caps the spending of a year or foresees it (L. 196/2009, art. 17): a cap that is exceeded and a forecast that is have
-- different consequences. Appropriations from before are caps, which is also what an extract without the column says.

alter table stanziamento
    add column tipo text collate "C" not null default 'LIMITE' check (tipo in ('LIMITE', 'PREVISIONE'));
alter table stanziamento alter column tipo drop default;
