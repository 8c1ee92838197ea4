-- One line of a decree may be financed by two norms, and be of two benefits: both are part of the natural key. They come last:
-- they have few values, and the index is built and searched by those that tell rows apart.

drop index dettaglio_decreto_chiave;
create unique index dettaglio_decreto_chiave
    on dettaglio_decreto
    (codifica_sistema_unico, numero_decreto, data_decreto, cf_azienda, matricola_azienda, validita_dal, normativa, prestazione)
    where al_rilevazione = 2147483647;
