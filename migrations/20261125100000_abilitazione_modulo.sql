-- What else the AA07 form says: where it came from, and from where, when, for what and how much the grant may be used.
-- An empty list or a null does not limit.

alter table abilitazione
    -- Protocol number of the PEC message that the form came with, and the SHA-256 of the form.
    add protocollo_pec     text check (protocollo_pec ~ '\S'),
    add impronta_modulo    bytea check (octet_length(impronta_modulo) = 32),
    -- The networks that calls may come from.
    add reti               cidr[] not null default '{}',
    -- The hours of the week in Europe/Rome: 'lun-ven 08:00-18:30'.
    add orari              text[] not null default '{}',
    -- The purposes (PDND) of the vouchers.
    add finalita           uuid[] not null default '{}',
    -- The client certificates, any one of which is demanded: 'sha256:…', 'dns:…', 'uri:…'.
    add certificati        text[] not null default '{}',
    -- Null: as the profile has it.
    add quota_al_secondo   integer check (quota_al_secondo > 0),
    add quota_esportazioni integer check (quota_esportazioni > 0),
    add quota_al_giorno    integer check (quota_al_giorno > 0),
    -- The grant that ends when this one is approved: how another scope, or another profile, comes about.
    add sostituisce        bigint references abilitazione check (sostituisce <> id),
    add check (array_position(reti, null) is null),
    add check (array_position(orari, null) is null),
    add check (array_position(finalita, null) is null),
    add check (array_position(certificati, null) is null);

-- Not of the grants that were registered before there was a place for it.
alter table abilitazione
    add constraint abilitazione_modulo check (protocollo_pec is not null and impronta_modulo is not null) not valid;
