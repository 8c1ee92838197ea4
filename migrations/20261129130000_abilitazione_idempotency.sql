-- A step that is asked for twice is taken once: with the key that its caller gave (Idempotency-Key) stands the digest of what was asked. A
-- caller who was not answered asks again with the same key, and is given the step that was taken.
alter table abilitazione_evento
    add idempotency_key text check (idempotency_key ~ '^[!-~]{1,255}$'),
    add request_digest  bytea check (octet_length(request_digest) = 32),
    add constraint abilitazione_evento_idempotency check ((idempotency_key is null) = (request_digest is null));

-- The keys of one caller are no other's. Of two who ask at once one takes the step.
create unique index abilitazione_evento_idempotency_key
    on abilitazione_evento (operatore, coalesce(utente, ''), idempotency_key) where idempotency_key is not null;
