-- Who has signed in with a browser. The browser has a secret, here stands its SHA-256: who reads the table cannot be whom it lists. A row
-- is of use for 30 minutes after it was used last and 8 hours in all; older ones are removed by the next who signs in.
create table sessione (
    impronta  bytea       primary key check (octet_length(impronta) = 32),
    emittente text        not null check (emittente <> ''),
    soggetto  text        not null check (soggetto <> ''),
    creata_il timestamptz not null,
    usata_il  timestamptz not null,
    check (usata_il >= creata_il)
);

create index sessione_creata_il on sessione (creata_il);

-- By which company a session asks. A codice fiscale is in no URL: the URL has the number of the search.
create table sessione_ricerca (
    impronta   bytea   not null references sessione on delete cascade,
    numero     integer not null check (numero > 0),
    cf_azienda text    not null check (cf_azienda <> ''),
    primary key (impronta, numero)
);

-- Ends one, which its secret names.
create function sessione_chiudi(bytea) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    delete from public.sessione where impronta = $1
$$;

-- Removes those that were begun, or used last, at these instants or before.
create function sessione_pota(timestamptz, timestamptz) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    delete from public.sessione where creata_il <= $1 or usata_il <= $2
$$;

-- A session keeps its last 50 searches.
create function sessione_ricerca_pota() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    delete from public.sessione_ricerca where impronta = new.impronta and numero <= new.numero - 50;
    return null;
end
$$;

create trigger sessione_ricerca_pota after insert on sessione_ricerca
    for each row execute function sessione_ricerca_pota();

revoke all on function sessione_chiudi(bytea), sessione_pota(timestamptz, timestamptz), sessione_ricerca_pota() from public;
grant execute on function sessione_chiudi(bytea), sessione_pota(timestamptz, timestamptz) to omnia_servizio;
grant select, insert on sessione, sessione_ricerca to omnia_servizio;
grant update (usata_il) on sessione to omnia_servizio;
