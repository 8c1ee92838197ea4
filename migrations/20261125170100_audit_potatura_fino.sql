-- How far a pruning was to go: by the day that was asked for, or by the retention in force then. Older rows say neither.
alter table audit_potatura
    add column prima_di date,
    add column conservazione integer check (conservazione > 0),
    add check (num_nonnulls(prima_di, conservazione) <= 1);

-- Anchors name the prunings so far.
grant select on audit_potatura to omnia_servizio;
