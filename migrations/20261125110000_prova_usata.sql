-- Proofs (DPoP) and single-use evidences that were used, so that no instance takes one twice (src/abilitazione/autenticazione).

create table prova_usata (
    -- SHA-256 of what names it: its key and its jti.
    impronta bytea primary key check (octet_length(impronta) = 32),
    -- From then on it is too old to be taken, and need not be remembered.
    scade    timestamptz not null
);

create index prova_usata_scade on prova_usata (scade);

-- Forgets what is too old anyway, with a minute to spare. As its owner: the serving role may remember and not forget.
create function prova_usata_pota() returns bigint
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    with tolte as (
        delete from public.prova_usata where scade < now() - interval '1 minute' returning 1
    )
    select count(*) from tolte
$$;

revoke all on function prova_usata_pota() from public;
grant execute on function prova_usata_pota() to omnia_servizio;
grant insert on prova_usata to omnia_servizio;
