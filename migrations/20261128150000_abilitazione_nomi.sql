-- Four eyes by name, however the name is spelt: beside each name stands its key, which is what names are compared by
-- (src/valori/name.rs: NFKC, case, confusables, accents, blanks). The program computes it: no SQL can. It may not be left
-- out, so whoever writes a step says by it who the operator is; and the names themselves are compared besides, as before, so that a
-- wrong key gains nothing over the plain name.
--
-- The steps of before have no key. Of a request that was recorded then the table compares the plain names, and the program
-- the keys.
alter table abilitazione_evento
    add operatore_chiave text,
    add utente_chiave    text,
    add constraint abilitazione_evento_chiavi check (
        operatore_chiave is not null and operatore_chiave ~ '\S'
        and (utente is null) = (utente_chiave is null)
        and (utente_chiave is null or utente_chiave ~ '\S')) not valid;

-- What the other rows of a grant, and the other grants of its subject, have to say about a step.
create or replace function public.abilitazione_evento_ammesso() returns trigger language plpgsql
set search_path = pg_catalog, public, pg_temp as $$
declare
    richiedente public.abilitazione_evento;
    questa      public.abilitazione;
    altra       bigint;
begin
    if new.azione <> 'APPROVAZIONE' then
        return new;
    end if;
    select * into richiedente from public.abilitazione_evento where abilitazione = new.abilitazione and versione = 1;
    -- A statement of several rows may bring them in any order: what is not there yet is not guessed.
    if not found then
        raise exception 'grant % has no first step', new.abilitazione using errcode = 'foreign_key_violation';
    end if;
    -- Four eyes: any name of the one that is a name of the other. A null makes its comparison null, which is not true.
    if ((new.operatore_chiave = richiedente.operatore_chiave or lower(new.operatore) = lower(richiedente.operatore))
            and (new.utente is null or richiedente.utente is null))
       or new.utente_chiave = richiedente.utente_chiave or lower(new.utente) = lower(richiedente.utente)
       or new.utente_chiave = richiedente.operatore_chiave or lower(new.utente) = lower(richiedente.operatore)
       or new.operatore_chiave = richiedente.utente_chiave or lower(new.operatore) = lower(richiedente.utente)
    then
        raise exception 'whoever recorded request % cannot approve it', new.abilitazione
            using errcode = 'check_violation';
    end if;
    -- One grant a subject a day. Those who approve for one subject take turns; a snapshot from before the turn would not
    -- show what the one before did.
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'a grant is approved at isolation level read committed' using errcode = 'check_violation';
    end if;
    select * into questa from public.abilitazione where id = new.abilitazione;
    if not found then
        raise exception 'there is no grant %', new.abilitazione using errcode = 'foreign_key_violation';
    end if;
    perform pg_advisory_xact_lock(hashtextextended(questa.soggetto, 4648));
    select a.id into altra
    from public.abilitazione a
    where a.soggetto = questa.soggetto and a.id <> questa.id
      and a.valida_dal <= questa.valida_al and a.valida_al >= questa.valida_dal
      and (select e.a_stato from public.abilitazione_evento e where e.abilitazione = a.id order by e.versione desc limit 1)
          in ('ATTIVA', 'SOSPESA')
    limit 1;
    if found then
        raise exception 'the subject of grant % has grant % in those days', new.abilitazione, altra
            using errcode = 'exclusion_violation';
    end if;
    return new;
end
$$;
