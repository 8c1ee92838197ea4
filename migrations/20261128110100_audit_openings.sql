-- A chain's opening cites the heads of the chains before it, and chains are numbered without gaps (src/audit/opening.rs).
--
-- Before this, numbers came from a sequence. A sequence goes on after a crash of Postgres where it left off in memory, and keeps
-- the number of an opening that failed, so that a missing number meant nothing. The counter is a row: its step is committed with the
-- chain and its opening, or not at all. A number that was given out and has no chain is a chain that was removed.

create table audit_chain_number (
    one           boolean primary key default true check (one),
    -- The number of the chain that was opened last.
    last          bigint not null,
    -- Numbers up to this one came from the sequence: a gap among them is a hint and no proof.
    gapless_after bigint not null
);

insert into audit_chain_number (last, gapless_after)
select n, n from (
    select greatest(
        (select coalesce(max(catena), 0) from audit_catena),
        coalesce(pg_sequence_last_value(pg_get_serial_sequence('audit_catena', 'catena')::regclass), 0)
    ) as n
) as given_out;

alter table audit_catena alter column catena drop identity;

-- The head at which each chain was cited last. An opening cites what moved since: the openings are cited in turn, so that a service
-- that starts every second cites one chain and not all of the day.
create table audit_cited (
    catena bigint primary key,
    numero bigint not null
);

-- Opens a chain, and tells which heads its opening is to cite: a row for each, or one without a head. As its owner: the serving role may
-- open a chain and not choose its number. One opening at a time, until its transaction ends.
create function audit_open(instance text, opened timestamptz)
returns table (opened_chain bigint, cited_chain bigint, cited_record bigint, cited_impronta bytea)
language sql volatile security definer
begin atomic
    update audit_chain_number set last = last + 1;
    insert into audit_catena (catena, istanza, aperta_il) select last, $1, $2 from audit_chain_number;
    with moved as (
        insert into audit_cited (catena, numero)
        select c.catena, c.numero
        from audit_catena c left join audit_cited t on t.catena = c.catena
        where c.numero > coalesce(t.numero, 0)
        on conflict (catena) do update set numero = excluded.numero
        returning catena, numero
    )
    select n.last, m.catena, m.numero, c.impronta
    from audit_chain_number n
    left join (moved m join audit_catena c on c.catena = m.catena) on true
    order by m.catena;
end;

revoke all on function audit_open(text, timestamptz) from public;
grant execute on function audit_open(text, timestamptz) to omnia_servizio;
revoke insert on audit_catena from omnia_servizio;
