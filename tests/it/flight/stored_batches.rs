//! Record batches that are stored: sent as they are, never short, never with a person that the caller may not see.

use std::collections::BTreeSet;

use arrow_array::{RecordBatch, cast::AsArray as _, types::Int32Type};
use arrow_flight::{FlightDescriptor, Ticket, decode::FlightRecordBatchStream};
use futures_util::TryStreamExt as _;
use omnia::{
    abilitazione::{Ambito, AmbitoCodes},
    app::derivations,
    blocks::block::ROWS_PER_BLOCK,
    contract::proto::ExportDecreesRequest,
    rilevazione::derived::rebuild,
    valori::CodicePrestazione,
};
use sqlx::AssertSqlSafe;
use tonic::Code;

use super::{TakenFlight, plain_ticket, take};
use crate::{
    export_stream::many_rows,
    model::{CODIFICHE, MASK, NORMATIVE, PRESTAZIONI},
    server::{CallerClients, TestServer, whole_scope},
};

async fn scene(righe: u32) -> TestServer {
    let servizio = TestServer::start_with(|s| s.export.batch_rows = 50).await;
    servizio.load(&many_rows(righe), "2026-10-31").await;
    servizio
}

async fn take_all(cliente: &mut CallerClients) -> TakenFlight {
    let ticket = ticket(cliente);
    take(cliente, ticket).await.unwrap()
}

fn ticket(cliente: &CallerClients) -> String {
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    plain_ticket(&cliente.soggetto, &request)
}

async fn sql(servizio: &TestServer, statements: &str) {
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
        .execute(&servizio.db.owner)
        .await
        .unwrap();
}

/// Makes all again, in blocks of so many rows.
async fn remake(servizio: &TestServer, righe: u32) {
    let left = rebuild(
        &servizio.db.owner,
        &derivations(righe),
        &[],
        false,
        |_, _| (),
    )
    .await;
    assert_eq!(left.unwrap(), []);
}

/// From here on the service finds nothing else of a block than what `using` keeps, and no row.
async fn only_using(servizio: &TestServer, using: &'static str) {
    sql(
        servizio,
        "revoke select on dettaglio_decreto from omnia_servizio;
         alter table pezzo enable row level security;
         drop policy if exists soltanto on pezzo",
    )
    .await;
    sql(servizio, using).await;
}

#[tokio::test]
async fn sent_as_they_are() {
    let servizio = scene(1000).await;
    let mut clear = servizio.clients_of("mlps-ammortizzatori").await;
    let mut masked = servizio.clients_of("mef-rgs").await;
    let before = [take_all(&mut clear).await, take_all(&mut masked).await];
    let masks = |preso: &TakenFlight| {
        let masks = preso.rows.iter().filter(|r| r.cf_azienda == MASK);
        masks.count()
    };
    assert_eq!(masks(&before[0]), 0);
    assert!(masks(&before[1]) > 0);

    let batch = "create policy soltanto on pezzo to omnia_servizio using (cosa like 'batch%')";
    only_using(&servizio, batch).await;
    for (cliente, before) in [&mut clear, &mut masked].into_iter().zip(&before) {
        let after = take_all(cliente).await;
        assert_eq!(after.rows, before.rows);
        assert_eq!(after.outcome.unwrap(), *before.outcome.as_ref().unwrap());
        assert_eq!(after.resumes.len(), 20);
        for (righe, ripresa) in &after.resumes {
            let resto = take(cliente, ripresa.as_str()).await.unwrap();
            assert_eq!(resto.rows, before.rows[*righe..]);
        }
    }

    // Who sees persons masked reads none; who is to see them is not given masks instead.
    let senza = "create policy soltanto on pezzo to omnia_servizio using (cosa = 'batch')";
    only_using(&servizio, senza).await;
    assert_eq!(take_all(&mut masked).await.rows, before[1].rows);
    let status = take_all(&mut clear).await.outcome.unwrap_err();
    assert_eq!(status.code(), Code::DataLoss);
    servizio.stop().await;
}

/// The dictionaries of a norm have codes of benefits that are not in everybody's scope.
#[tokio::test]
async fn no_dictionary_names_what_is_out_of_scope() {
    let servizio = TestServer::start_with(|s| s.export.batch_rows = 50).await;
    let mut estratto = many_rows(200);
    for riga in &mut estratto.rows[100..] {
        riga.prestazione = PRESTAZIONI[1];
        riga.codifica = CODIFICHE[2];
        // Later decrees: no block has both.
        riga.data += 20;
    }
    for riga in &mut estratto.rows[..100] {
        riga.codifica = CODIFICHE[0];
    }
    servizio.load(&estratto, "2026-10-31").await;
    let sola = CodicePrestazione::parse(PRESTAZIONI[0]).unwrap();
    let ambito = Ambito::new(AmbitoCodes::All, AmbitoCodes::only([sola]).unwrap());
    servizio
        .grant_scope("una", "mlps-ammortizzatori", ambito)
        .await;
    servizio
        .grant_scope("tutte", "mlps-ammortizzatori", whole_scope())
        .await;
    for (chi, righe, codici) in [
        ("una", 100, vec![PRESTAZIONI[0], CODIFICHE[0]]),
        (
            "tutte",
            200,
            vec![PRESTAZIONI[0], PRESTAZIONI[1], CODIFICHE[0], CODIFICHE[2]],
        ),
    ] {
        let mut cliente = servizio.clients_as(chi);
        let ticket = Ticket::new(ticket(&cliente));
        let stream = cliente.flight.do_get(ticket).await.unwrap().into_inner();
        let batches: Vec<RecordBatch> =
            FlightRecordBatchStream::new_from_flight_data(stream.map_err(Into::into))
                .try_collect()
                .await
                .unwrap();
        assert_eq!(
            batches.iter().map(RecordBatch::num_rows).sum::<usize>(),
            righe
        );
        let mut detti = BTreeSet::new();
        for batch in &batches {
            for colonna in ["prestazione", "codifica_sistema_unico"] {
                let colonna = batch.column_by_name(colonna).unwrap();
                let testi = colonna.as_dictionary::<Int32Type>().values();
                detti.extend(testi.as_string::<i32>().iter().flatten().map(str::to_owned));
            }
        }
        let codici: BTreeSet<String> = codici.into_iter().map(str::to_owned).collect();
        assert_eq!(detti, codici, "{chi}");
    }
    servizio.stop().await;
}

/// Of a database from before there were batches, or checksums of them.
#[tokio::test]
async fn where_there_are_none_the_rows_are_encoded() {
    let servizio = scene(1000).await;
    let mut clienti = [
        servizio.clients_of("mlps-ammortizzatori").await,
        servizio.clients_of("mef-rgs").await,
    ];
    for cliente in &mut clienti {
        remake(&servizio, 50).await;
        let stored = take_all(cliente).await;
        sql(&servizio, "update serie set checksum = null").await;
        let encoded = take_all(cliente).await;
        assert_eq!(encoded.rows, stored.rows);
        assert_eq!(encoded.outcome.unwrap(), stored.outcome.unwrap());
    }
    servizio.stop().await;
}

/// They are made again, of the same size and of another, while a flight is under way.
#[tokio::test]
async fn a_flight_goes_on_when_its_batches_are_made_again() {
    const ROWS: u32 = 4000;
    for righe in [50, ROWS_PER_BLOCK] {
        let servizio = scene(ROWS).await;
        let mut cliente = servizio.clients_of("mlps-ammortizzatori").await;
        let whole = take_all(&mut cliente).await;
        // One that reads slowly: the server cannot be done before they are gone.
        let mut slow = servizio.slow_clients("cliente-mlps-ammortizzatori");
        let ticket = Ticket::new(ticket(&slow));
        let stream = slow.flight.do_get(ticket).await.unwrap().into_inner();
        remake(&servizio, righe).await;
        let preso = super::read_flight(stream).await;
        assert!(preso.rows == whole.rows, "blocks of {righe}");
        assert_eq!(preso.outcome.unwrap(), whole.outcome.unwrap());
        servizio.stop().await;
    }
}

/// What a flight begins with, what it sends, and what it would skip: none of it is sent where it is not what was stored.
#[tokio::test]
async fn batches_that_are_not_what_they_were_end_a_flight_with_an_error() {
    let servizio = scene(1000).await;
    let mut cliente = servizio.clients_of("mlps-ammortizzatori").await;
    let flip = |cosa: &str, numero: i32| {
        format!(
            "update pezzo set byte = set_byte(byte, 60, get_byte(byte, 60) # 4)
             where posto = 3 and cosa = '{cosa}' and numero = {numero}"
        )
    };
    for harm in [
        // The header of the message, the body, the persons: one bit each.
        flip("batch", 0),
        flip("batch", 1),
        flip("batch_persone", 0),
        "update pezzo set byte = substr(byte, 1, 100) where posto = 3 and cosa = 'batch' and numero = 1".to_owned(),
        "update blocco set batch_byte = batch_byte - 1 where posto = 3".to_owned(),
        "update pezzo set byte = '\\x00' where posto = 3 and cosa = 'batch_persone'".to_owned(),
        "update serie set dizionario_codifiche = dizionario_codifiche[2:3] || dizionario_codifiche[1:1]".to_owned(),
        "delete from blocco where posto = 19".to_owned(),
        "delete from blocco where posto = 19; update serie set blocchi = 19".to_owned(),
        "delete from pezzo where posto = 3".to_owned(),
    ] {
        sql(&servizio, &harm).await;
        let status = take_all(&mut cliente).await.outcome.unwrap_err();
        let reason = omnia::contract::proto::ErrorReason::DerivedDataDamaged;
        crate::errors::assert_error(&status, Code::DataLoss, reason);
        // Nor is one planned by what its blocks say, where it is they that are wrong.
        let planned = cliente
            .flight
            .get_flight_info(FlightDescriptor::new_path(vec![NORMATIVE[0].into()]))
            .await;
        if !harm.contains("pezzo") {
            assert_eq!(planned.unwrap_err().code(), Code::DataLoss, "{harm}");
        }
        remake(&servizio, 50).await;
    }
    assert!(take_all(&mut cliente).await.outcome.is_ok());
    servizio.stop().await;
}
