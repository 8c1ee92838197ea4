-- Calls that were refused and have no record of their own are counted: a record of tipo RIFIUTI tells how many (quante), when the
-- first and the last of them were made (dal, al), and with altri that they are of many callers. A record of a call counts for one, so
-- that sum(quante) is the number of calls; the end of a stream and what is no call count for none.
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
       lotto,
       (record::json ->> 'dal')::timestamptz as dal,
       (record::json ->> 'al')::timestamptz as al,
       case record::json ->> 'tipo'
           when 'RIFIUTI' then (record::json ->> 'quante')::bigint
           when 'CHIAMATA' then 1
           when 'INIZIO' then 1
           else 0
       end as quante,
       (record::json ->> 'altri')::boolean as altri
from audit_record;
