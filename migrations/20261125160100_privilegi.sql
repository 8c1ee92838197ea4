-- What the serving role could do and never does.

-- Temporary tables: Postgres lets everybody make them in a new database. The owner of the database keeps the right, which
-- `omnia load` needs. It is the database's owner who may take it from the others: where that is somebody else than the
-- owner of the data, the migration says so and goes on (README, "Your own Postgres").
do $$
begin
    begin
        execute format('revoke temporary on database %I from public', current_database());
    exception when insufficient_privilege then
        null;
    end;
    -- Whoever holds another right on the database is not refused but warned.
    if has_database_privilege('public', current_database(), 'TEMPORARY') then
        raise warning 'everybody may still make temporary tables: its owner should revoke temporary on database % from public',
            quote_ident(current_database());
    end if;
end
$$;

-- The audit log: the service goes by the heads of its chains and appends. Who reads the records is the owner.
revoke select on audit_registro from omnia_servizio;
