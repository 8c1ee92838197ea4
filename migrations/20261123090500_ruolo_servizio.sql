-- The role that serves: it reads and nothing more. Roles belong to the whole cluster, so another database may
-- have made it already. An owner that may not create roles needs it made beforehand (README, "Your own Postgres").

do $$
begin
    if not exists (select from pg_roles where rolname = 'omnia_servizio') then
        create role omnia_servizio nologin;
    end if;
exception when duplicate_object or unique_violation then
    null;
end
$$;

grant usage on schema public to omnia_servizio;
grant select on normativa, prestazione, rilevazione, stanziamento, dettaglio_decreto, abilitazione, _sqlx_migrations
    to omnia_servizio;
