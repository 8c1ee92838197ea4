-- Rows of one decree were read in the order of their employers' codes, which told something of a code to callers who
-- see it masked. Within a decree the order is chance from here on; so the rows that are there are numbered anew.

create temporary table ordine on commit drop as
    select id as prima, row_number() over (order by normativa, data_decreto, numero_decreto, random()) as dopo
    from dettaglio_decreto;

alter table dettaglio_decreto alter column id drop identity;
update dettaglio_decreto set id = dopo from ordine where id = prima;
alter table dettaglio_decreto alter column id add generated always as identity;
select setval(pg_get_serial_sequence('dettaglio_decreto', 'id'), (select coalesce(max(id), 0) + 1 from dettaglio_decreto), false);
