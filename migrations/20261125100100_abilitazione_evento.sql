-- The life cycle of a grant: one row for each step, who took it, when and why. Rows are added and never changed.
--
--   RICHIESTA ──verifica──► VERIFICATA ──approvazione──► ATTIVA ◄──riattivazione── SOSPESA
--       │                       │                          │  ──sospensione──►       │
--       └──────revoca──────► RIFIUTATA                     └──────revoca──► REVOCATA ┘
--
-- The state of a grant is a_stato of its last row. Each row names the state that the row before it left (a foreign key), so
-- that a step that is not of the picture cannot be written, nor two steps from the same state.

create table abilitazione_evento (
    abilitazione bigint not null references abilitazione,
    versione     integer not null check (versione >= 1),
    azione       text not null,
    da_stato     text,
    a_stato      text not null,
    istante      timestamptz not null,
    -- Who: the subject of the call, or the name that was given to `omnia grant`.
    operatore    text not null check (operatore ~ '\S'),
    -- The person behind the subject, where the tracking evidence of the call said it.
    utente       text check (utente ~ '\S'),
    -- Why.
    motivo       text not null check (motivo ~ '\S'),
    precedente   integer generated always as (nullif(versione - 1, 0)) stored,
    primary key (abilitazione, versione),
    unique (abilitazione, versione, a_stato),
    foreign key (abilitazione, precedente, da_stato) references abilitazione_evento (abilitazione, versione, a_stato),
    check ((versione = 1) = (azione = 'RICHIESTA')),
    check ((azione, coalesce(da_stato, ''), a_stato) in (
        ('RICHIESTA', '', 'RICHIESTA'),
        ('VERIFICA', 'RICHIESTA', 'VERIFICATA'),
        ('APPROVAZIONE', 'VERIFICATA', 'ATTIVA'),
        ('SOSPENSIONE', 'ATTIVA', 'SOSPESA'),
        ('RIATTIVAZIONE', 'SOSPESA', 'ATTIVA'),
        ('REVOCA', 'ATTIVA', 'REVOCATA'),
        ('REVOCA', 'SOSPESA', 'REVOCATA'),
        ('REVOCA', 'RICHIESTA', 'RIFIUTATA'),
        ('REVOCA', 'VERIFICATA', 'RIFIUTATA')))
);

-- The grants of before. Nobody verified or approved them: the second operator is the program that moved them here.
insert into abilitazione_evento (abilitazione, versione, azione, da_stato, a_stato, istante, operatore, motivo)
select id, v.versione, v.azione, v.da_stato, v.a_stato,
       case when v.azione = 'REVOCA' then revocata_il else registrata_il end,
       case v.azione
           when 'RICHIESTA' then case when registrata_da ~ '\S' then registrata_da else 'unknown' end
           when 'REVOCA' then case when revocata_da ~ '\S' then revocata_da else 'unknown' end
           else 'omnia migrate'
       end,
       'registered before grants had a life cycle'
from abilitazione,
     (values (1, 'RICHIESTA', null, 'RICHIESTA'), (2, 'VERIFICA', 'RICHIESTA', 'VERIFICATA'),
             (3, 'APPROVAZIONE', 'VERIFICATA', 'ATTIVA'), (4, 'REVOCA', 'ATTIVA', 'REVOCATA'))
         as v (versione, azione, da_stato, a_stato)
where v.azione <> 'REVOCA' or revocata_il is not null
order by id, v.versione;

-- Who registered and revoked is in the steps now. A request without its first step cannot be committed.
alter table abilitazione
    drop column registrata_il,
    drop column registrata_da,
    drop column revocata_il,
    drop column revocata_da,
    add prima_versione integer not null generated always as (1) stored,
    add foreign key (id, prima_versione) references abilitazione_evento (abilitazione, versione)
        deferrable initially deferred;

create function abilitazione_immutabile() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;

create trigger abilitazione_immutabile before update or delete or truncate on abilitazione
    for each statement execute function abilitazione_immutabile();
create trigger abilitazione_evento_immutabile before update or delete or truncate on abilitazione_evento
    for each statement execute function abilitazione_immutabile();

-- What the other rows of a grant, and the other grants of its subject, have to say about a step.
create function abilitazione_evento_ammesso() returns trigger language plpgsql as $$
declare
    richiedente abilitazione_evento;
    questa      abilitazione;
    altra       bigint;
begin
    if new.azione <> 'APPROVAZIONE' then
        return new;
    end if;
    -- Four eyes. Where both persons are known they decide, else the subjects do.
    select * into richiedente from abilitazione_evento where abilitazione = new.abilitazione and versione = 1;
    -- A statement of several rows may bring them in any order: what is not there yet is not guessed.
    if not found then
        raise exception 'grant % has no first step', new.abilitazione using errcode = 'foreign_key_violation';
    end if;
    if (new.utente is not null and richiedente.utente is not null and lower(new.utente) = lower(richiedente.utente))
       or ((new.utente is null or richiedente.utente is null) and lower(new.operatore) = lower(richiedente.operatore))
    then
        raise exception 'whoever recorded request % cannot approve it', new.abilitazione
            using errcode = 'check_violation';
    end if;
    -- One grant a subject a day. Those who approve for one subject take turns; a snapshot from before the turn would not
    -- show what the one before did.
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'a grant is approved at isolation level read committed' using errcode = 'check_violation';
    end if;
    select * into questa from abilitazione where id = new.abilitazione;
    if not found then
        raise exception 'there is no grant %', new.abilitazione using errcode = 'foreign_key_violation';
    end if;
    perform pg_advisory_xact_lock(hashtextextended(questa.soggetto, 4648));
    select a.id into altra
    from abilitazione a
    where a.soggetto = questa.soggetto and a.id <> questa.id
      and a.valida_dal <= questa.valida_al and a.valida_al >= questa.valida_dal
      and (select e.a_stato from abilitazione_evento e where e.abilitazione = a.id order by e.versione desc limit 1)
          in ('ATTIVA', 'SOSPESA')
    limit 1;
    if found then
        raise exception 'the subject of grant % has grant % in those days', new.abilitazione, altra
            using errcode = 'exclusion_violation';
    end if;
    return new;
end
$$;

create trigger abilitazione_evento_ammesso before insert on abilitazione_evento
    for each row execute function abilitazione_evento_ammesso();

-- Every instance listens: a step bites at once.
create function abilitazione_evento_annuncio() returns trigger language plpgsql as $$
begin
    perform pg_notify('omnia_abilitazioni', new.abilitazione::text);
    return null;
end
$$;

create trigger abilitazione_evento_annuncio after insert on abilitazione_evento
    for each row execute function abilitazione_evento_annuncio();

revoke execute on function abilitazione_immutabile(), abilitazione_evento_ammesso(), abilitazione_evento_annuncio()
    from public;

-- INPS staff take the steps through the service too. It adds requests and steps, and can change neither.
grant insert on abilitazione to omnia_servizio;
grant select, insert on abilitazione_evento to omnia_servizio;
