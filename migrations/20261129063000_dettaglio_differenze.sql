-- What differs between two rilevazioni, without a scan of all rows: those that ended, and those that began. A load writes its rows one
-- after the other, so a summary of each range of pages is all that the beginning needs.

create index dettaglio_decreto_cessate on dettaglio_decreto (al_rilevazione) where al_rilevazione < 2147483647;
create index dettaglio_decreto_iniziate on dettaglio_decreto using brin (dal_rilevazione) with (pages_per_range = 32);
