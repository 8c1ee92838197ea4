-- A provisional codice fiscale has eleven digits, as a company's, and is a natural person's: no check of its form can tell, the
-- extract does. Of a code of sixteen characters, which is a person's by its form, this says nothing: it is false.
alter table dettaglio_decreto
    add column persona_fisica boolean not null default false,
    add constraint dettaglio_decreto_persona_fisica check (not persona_fisica or length(cf_azienda) = 11);

-- An extract without the column is compared with those that are known, and so is a code that is asked for without the right to ask for
-- persons.
create index dettaglio_decreto_provvisori on dettaglio_decreto (cf_azienda) where persona_fisica;
