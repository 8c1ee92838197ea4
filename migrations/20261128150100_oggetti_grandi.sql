-- What everybody may do in a new database and the service never does: make and read large objects, which are in no schema
-- and in no list of its tables, and write messages of one's own into the log of changes. A superuser may take it from everybody; whoever
-- owns the data and is none is warned (README, "Your own Postgres").
do $$
declare
    funzione regprocedure;
    restano  text;
begin
    for funzione in
        select p.oid::regprocedure from pg_proc p
        where p.pronamespace = 'pg_catalog'::regnamespace
          and (p.proname ~ '^lo_' or p.proname in ('loread', 'lowrite', 'pg_logical_emit_message'))
    loop
        begin
            execute format('revoke execute on function %s from public', funzione);
        exception when insufficient_privilege then
            null;
        end;
    end loop;
    -- Who may not revoke is not always refused.
    select string_agg(p.oid::regprocedure::text, ', ' order by p.oid::regprocedure::text) into restano
    from pg_proc p
    where p.pronamespace = 'pg_catalog'::regnamespace
      and (p.proname ~ '^lo_' or p.proname in ('loread', 'lowrite', 'pg_logical_emit_message'))
      and has_function_privilege('public', p.oid, 'EXECUTE');
    if restano is not null then
        raise warning 'everybody may still make large objects: a superuser should, in this database, revoke execute on function % from public',
            restano;
    end if;
end
$$;
