-- A row of the audit log holds the records that were written by one statement, and no longer only one: Postgres then does
-- its work (row, index entry, foreign key) once for all calls that waited for the same commit.
--
-- `record` has the records one a line, in the order of their numbers, `impronta` the 32 bytes of each in the same order; `numero`
-- and `istante` are those of the first. A record is JSON without line breaks. No row has records of two days (UTC), so a
-- day's records are found by the index on `istante`. The rows from before are rows of one record.

alter table audit_registro
    drop constraint audit_registro_impronta_check,
    add constraint audit_registro_impronta_check check (octet_length(impronta) > 0 and octet_length(impronta) % 32 = 0);

-- Every record repeats what the one before it says. A server that was built without lz4 keeps its own way to compress.
do $$
begin
    alter table audit_registro alter column record set compression lz4;
exception when feature_not_supported then
    null;
end
$$;

-- So a row of some sixty records stays in its page, and needs none in the table of what is too long.
alter table audit_registro set (toast_tuple_target = 8160);

-- A row for each record. `lotto` is the istante of the row that holds it: of the same day, and what the index knows.
create view audit_record as
select r.catena,
       r.numero + v.posto - 1 as numero,
       (v.record::json ->> 'istante')::timestamptz as istante,
       v.record,
       substr(r.impronta, (32 * (v.posto - 1) + 1)::integer, 32) as impronta,
       r.istante as lotto
from audit_registro r
cross join lateral unnest(string_to_array(r.record, E'\n')) with ordinality as v (record, posto);

create or replace view audit_chiamata as
select catena, numero, istante,
       record::json ->> 'tipo' as tipo,
       record::json ->> 'rpc' as rpc,
       record::json ->> 'soggetto' as soggetto,
       record::json ->> 'ente' as ente,
       (record::json ->> 'abilitazione')::bigint as abilitazione,
       record::json ->> 'profilo' as profilo,
       record::json ->> 'utente' as utente,
       record::json ->> 'finalita' as finalita,
       record::json ->> 'jti' as jti,
       record::json ->> 'indirizzo' as indirizzo,
       record::json -> 'selezione' as selezione,
       (record::json ->> 'rilevazione')::integer as rilevazione,
       record::json ->> 'decisione' as decisione,
       record::json ->> 'motivo' as motivo,
       record::json ->> 'politica' as politica,
       record::json ->> 'traccia' as traccia,
       record::json ->> 'esito' as esito,
       (record::json ->> 'righe')::bigint as righe,
       (record::json ->> 'byte')::bigint as byte,
       (record::json ->> 'inizio')::bigint as inizio,
       record::json ->> 'emittente' as emittente,
       lotto
from audit_record;
