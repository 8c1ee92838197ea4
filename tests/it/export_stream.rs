//! The stream of ExportDecrees when something goes wrong on the way: it ends whole or with an error, never short and well.

use std::time::Duration;

use omnia::contract::proto::{
    DettaglioDecreto, ErrorReason, ExportDecreesRequest, ExportDecreesResponse,
};
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Status, Streaming};

use crate::{
    calls::{DETAIL, DrainedExport, call_rpc, drain},
    errors::assert_error,
    model::{CF, CODIFICHE, MATRICOLE, ModelExtract, ModelRow, NORMATIVE, NUMERI, PRESTAZIONI},
    server::{CallerClients, TestServer},
};

/// Some 130 bytes each: together far more than what fits between a server and a client who does not read.
const ROWS: u32 = 8_000;
const BATCH: u32 = 50;

/// Rows of one norm, each with a day of its own.
pub fn many_rows(righe: u32) -> ModelExtract {
    let righe = (0..righe).map(|i| ModelRow {
        normativa: NORMATIVE[0],
        prestazione: PRESTAZIONI[0],
        codifica: CODIFICHE[i as usize % 3],
        numero: NUMERI[i as usize % 4],
        data: i / 1000,
        dal: i % 1000,
        al: i % 1000 + 30,
        cf: CF[i as usize % 3],
        matricola: MATRICOLE[0],
        ore: 100,
        autorizzati: u64::from(i) + 1,
        erogati: u64::from(i),
    });
    ModelExtract {
        rows: righe.collect(),
        stanziamenti: Vec::new(),
    }
}

async fn scene(change: impl FnOnce(&mut omnia::config::Settings)) -> (TestServer, CallerClients) {
    let servizio = TestServer::start_with(|settings| {
        settings.export.batch_rows = BATCH;
        change(settings);
    })
    .await;
    servizio.load(&many_rows(ROWS), "2026-10-31").await;
    let cliente = servizio.clients_of("mlps-ammortizzatori").await;
    (servizio, cliente)
}

async fn export(
    cliente: &mut CallerClients,
    resume_token: &str,
) -> Result<Streaming<ExportDecreesResponse>, Status> {
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        resume_token: resume_token.into(),
        ..Default::default()
    };
    Ok(cliente.decreti.export_decrees(request).await?.into_inner())
}

/// Tries until an export is let in.
async fn once_admitted(cliente: &mut CallerClients) -> Streaming<ExportDecreesResponse> {
    let tries = async {
        loop {
            match export(cliente, "").await {
                Ok(stream) => return stream,
                Err(status) => {
                    let errore = assert_error(
                        &status,
                        Code::ResourceExhausted,
                        ErrorReason::TooManyExports,
                    );
                    assert!(errore.retry.unwrap() > Duration::ZERO);
                    sleep(Duration::from_millis(20)).await;
                }
            }
        }
    };
    timeout(Duration::from_secs(10), tries)
        .await
        .expect("the permit of an export that has ended is free")
}

/// Goes on from where a stream broke, as often as it breaks again; all the rows of all the streams.
async fn resume(cliente: &mut CallerClients, mut rotto: DrainedExport) -> Vec<DettaglioDecreto> {
    let mut righe = Vec::new();
    loop {
        righe.append(&mut rotto.rows);
        if rotto.outcome.is_ok() {
            return righe;
        }
        assert!(
            !rotto.resume_token.is_empty(),
            "a stream that broke before its first lotto"
        );
        rotto = drain(export(cliente, &rotto.resume_token).await.unwrap()).await;
    }
}

/// Whether every row of the extract is there once: each has an amount of its own.
fn assert_all(righe: &[DettaglioDecreto]) {
    let mut importi: Vec<i128> = righe
        .iter()
        .map(|d| d.importi_autorizzati.replace('.', "").parse().unwrap())
        .collect();
    importi.sort_unstable();
    assert!(importi.into_iter().eq(1..=i128::from(ROWS)));
    let order = |d: &DettaglioDecreto| (d.data_decreto.clone(), d.numero_decreto.clone());
    assert!(righe.is_sorted_by_key(order));
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing_behind() {
    let (servizio, mut cliente) = scene(|s| {
        s.export.max_concurrent = 1;
        s.database.max_connections = 2;
    })
    .await;
    for messages in [0, 1, 2, 5] {
        for slow in [false, true] {
            let mut chi = if slow {
                servizio.slow_clients("cliente-mlps-ammortizzatori")
            } else {
                cliente.clone()
            };
            let mut stream = once_admitted(&mut chi).await;
            for _ in 0..messages {
                stream.message().await.unwrap().unwrap();
            }
            drop(stream);
        }
    }
    // Both connections, several times, with answers that would show a connection that is out of step.
    for _ in 0..4 {
        let mut altro = cliente.clone();
        let (a, b) = tokio::join!(
            call_rpc(&mut cliente, DETAIL[0], ""),
            call_rpc(&mut altro, DETAIL[0], "cf_azienda"),
        );
        assert_eq!(a.unwrap(), ROWS as usize);
        assert_eq!(b.unwrap(), ROWS.div_ceil(3) as usize);
    }
    let esportato = drain(once_admitted(&mut cliente).await).await;
    assert_eq!(esportato.rows.len(), ROWS as usize);
    assert!(esportato.outcome.is_ok());
    servizio.stop().await;
}

#[tokio::test]
async fn only_so_many_exports_at_a_time() {
    let (servizio, mut cliente) = scene(|s| {
        s.export.max_concurrent = 2;
        s.export.max_per_subject = Some(2);
    })
    .await;
    let mut lento = servizio.slow_clients("cliente-mlps-ammortizzatori");
    let primo = export(&mut lento, "").await.unwrap();
    let secondo = export(&mut lento, "").await.unwrap();
    let status = export(&mut cliente, "").await.unwrap_err();
    assert_error(
        &status,
        Code::ResourceExhausted,
        ErrorReason::TooManyExports,
    );
    // The other calls are not exports.
    assert_eq!(
        call_rpc(&mut cliente, DETAIL[0], "").await.unwrap(),
        ROWS as usize
    );
    drop(primo);
    let terzo = drain(once_admitted(&mut cliente).await).await;
    assert!(terzo.outcome.is_ok());
    // The one that waited is whole.
    let secondo = drain(secondo).await;
    assert!(secondo.outcome.is_ok());
    assert_eq!(secondo.rows, terzo.rows);
    servizio.stop().await;
}

/// The time of an export passes while its client does not read. It also shows that nothing piles up in between: what
/// arrives later is what was read before the time was up.
#[tokio::test]
async fn the_deadline_of_a_client_that_stopped_reading() {
    let (servizio, mut cliente) = scene(|s| {
        s.export.deadline_seconds = 1;
        s.export.max_concurrent = 1;
    })
    .await;
    let stream = export(
        &mut servizio.slow_clients("cliente-mlps-ammortizzatori"),
        "",
    )
    .await
    .unwrap();
    // The permit is free once the time is up, although the client has not read a thing.
    drop(once_admitted(&mut cliente).await);
    let rotto = drain(stream).await;
    let status = rotto.outcome.clone().unwrap_err();
    assert_error(&status, Code::DeadlineExceeded, ErrorReason::ExportDeadline);
    // hyper keeps up to 400 KiB for a stream: some 60 lotti of 50 rows. All of them would be 160.
    assert!((1..100).contains(&rotto.batches), "{} lotti", rotto.batches);
    servizio.stop().await;
}

#[tokio::test]
async fn a_broken_stream_is_resumed_without_a_gap() {
    let (servizio, mut cliente) = scene(|s| s.export.deadline_seconds = 1).await;
    let mut stream = export(
        &mut servizio.slow_clients("cliente-mlps-ammortizzatori"),
        "",
    )
    .await
    .unwrap();
    stream.message().await.unwrap().unwrap();
    sleep(Duration::from_millis(1200)).await;
    let rotto = drain(stream).await;
    assert!(rotto.outcome.is_err());
    assert_all(&resume(&mut cliente, rotto).await);
    servizio.stop().await;
}

#[tokio::test]
async fn the_server_stops_while_exports_run() {
    let (servizio, _) = scene(|s| s.server.drain_seconds = 1).await;
    let letto = export(
        &mut servizio.slow_clients("cliente-mlps-ammortizzatori"),
        "",
    )
    .await
    .unwrap();
    let mut mai_letto = export(
        &mut servizio.slow_clients("cliente-mlps-ammortizzatori"),
        "",
    )
    .await
    .unwrap();
    mai_letto.message().await.unwrap().unwrap();
    let asked = Instant::now();
    servizio.ask_to_stop();
    let reader = tokio::spawn(async move {
        sleep(Duration::from_millis(1200)).await;
        drain(letto).await
    });
    servizio.stop().await;
    // One second to drain, two for the last words.
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    let letto = reader.await.unwrap();
    assert_error(
        &letto.outcome.unwrap_err(),
        Code::Unavailable,
        ErrorReason::ShuttingDown,
    );
    assert!(!letto.rows.is_empty() && letto.rows.len() < ROWS as usize);
    // Too late for a word, it may be; but not for an end that looks well.
    assert!(drain(mai_letto).await.outcome.is_err());
}

/// An export that ends within the time to drain is whole.
#[tokio::test]
async fn the_server_stops_and_lets_exports_end() {
    let (servizio, mut cliente) = scene(|s| s.server.drain_seconds = 30).await;
    let stream = export(&mut cliente, "").await.unwrap();
    servizio.ask_to_stop();
    sleep(Duration::from_millis(100)).await;
    let esportato = drain(stream).await;
    assert!(esportato.outcome.is_ok());
    assert_eq!(esportato.rows.len(), ROWS as usize);
    drop(cliente);
    timeout(Duration::from_secs(5), servizio.stop())
        .await
        .expect("nothing is left to wait for");
}

#[tokio::test]
async fn the_database_goes_in_the_middle() {
    let (servizio, mut cliente) = scene(|s| s.export.batch_rows = 20).await;
    let tutto = drain(export(&mut cliente, "").await.unwrap()).await;
    assert!(tutto.outcome.is_ok());
    assert_all(&tutto.rows);
    let (mut broken, mut cut) = (0, 0);
    for pause in [0, 3, 7, 15, 40, 80] {
        let stream = export(&mut cliente, "").await.unwrap();
        let reader = tokio::spawn(drain(stream));
        sleep(Duration::from_millis(pause)).await;
        // Again and again, so that it happens inside a query as well as between two.
        while !reader.is_finished() {
            cut += servizio.db.detach().await;
        }
        let esportato = reader.await.unwrap();
        match esportato.outcome {
            Ok(_) => assert!(esportato.rows == tutto.rows),
            Err(status) => {
                assert_error(&status, Code::Unavailable, ErrorReason::DatabaseUnavailable);
                assert!(tutto.rows.starts_with(&esportato.rows));
                broken += 1;
            }
        }
    }
    assert!(cut > 0, "no connection was there to be cut");
    assert!(broken > 0, "every export got through");
    // And when it is back, all is well.
    let di_nuovo = drain(export(&mut cliente, "").await.unwrap()).await;
    assert!(di_nuovo.rows == tutto.rows);
    servizio.stop().await;
}
