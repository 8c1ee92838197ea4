-- A clock that was wrong once leaves an anchor that verification complains of for ever. Somebody may say that it was no more than that:
-- who, when and why is kept here, chained like the anchors, and named by the anchors after it (src/audit/acknowledge.rs).

create table audit_acknowledgement (
    numero   bigint primary key check (numero > 0),
    testo    text not null,
    impronta bytea not null check (octet_length(impronta) = 32)
);

create function audit_append_only() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;

revoke all on function audit_append_only() from public;

create trigger audit_acknowledgement_append_only before update or delete or truncate on audit_acknowledgement
    for each statement execute function audit_append_only();

-- Anchors name the last.
grant select on audit_acknowledgement to omnia_servizio;
