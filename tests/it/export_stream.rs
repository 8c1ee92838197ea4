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
    let service = TestServer::start_with(|settings| {
        settings.export.batch_rows = BATCH;
        change(settings);
    })
    .await;
    service.load(&many_rows(ROWS), "2026-10-31").await;
    let client = service.clients_of("mlps-ammortizzatori").await;
    (service, client)
}

async fn export(
    client: &mut CallerClients,
    resume_token: &str,
) -> Result<Streaming<ExportDecreesResponse>, Status> {
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        resume_token: resume_token.into(),
        ..Default::default()
    };
    Ok(client.decreti.export_decrees(request).await?.into_inner())
}

/// Tries until an export is let in.
async fn once_admitted(client: &mut CallerClients) -> Streaming<ExportDecreesResponse> {
    let tries = async {
        loop {
            match export(client, "").await {
                Ok(stream) => return stream,
                Err(status) => {
                    let error = assert_error(
                        &status,
                        Code::ResourceExhausted,
                        ErrorReason::TooManyExports,
                    );
                    assert!(error.retry.unwrap() > Duration::ZERO);
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
async fn resume(client: &mut CallerClients, mut broken: DrainedExport) -> Vec<DettaglioDecreto> {
    let mut righe = Vec::new();
    loop {
        righe.append(&mut broken.rows);
        if broken.outcome.is_ok() {
            return righe;
        }
        assert!(
            !broken.resume_token.is_empty(),
            "a stream that broke before its first lotto"
        );
        broken = drain(export(client, &broken.resume_token).await.unwrap()).await;
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
    let (service, mut client) = scene(|s| {
        s.export.max_concurrent = 1;
        s.database.max_connections = 2;
    })
    .await;
    for messages in [0, 1, 2, 5] {
        for slow in [false, true] {
            let mut chi = if slow {
                service.slow_clients("cliente-mlps-ammortizzatori")
            } else {
                client.clone()
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
        let mut other = client.clone();
        let (a, b) = tokio::join!(
            call_rpc(&mut client, DETAIL[0], ""),
            call_rpc(&mut other, DETAIL[0], "cf_azienda"),
        );
        assert_eq!(a.unwrap(), ROWS as usize);
        assert_eq!(b.unwrap(), ROWS.div_ceil(3) as usize);
    }
    let exported = drain(once_admitted(&mut client).await).await;
    assert_eq!(exported.rows.len(), ROWS as usize);
    assert!(exported.outcome.is_ok());
    service.stop().await;
}

#[tokio::test]
async fn only_so_many_exports_at_a_time() {
    let (service, mut client) = scene(|s| {
        s.export.max_concurrent = 2;
        s.export.max_per_subject = Some(2);
    })
    .await;
    let mut slow = service.slow_clients("cliente-mlps-ammortizzatori");
    let first = export(&mut slow, "").await.unwrap();
    let second = export(&mut slow, "").await.unwrap();
    let status = export(&mut client, "").await.unwrap_err();
    assert_error(
        &status,
        Code::ResourceExhausted,
        ErrorReason::TooManyExports,
    );
    // The other calls are not exports.
    assert_eq!(
        call_rpc(&mut client, DETAIL[0], "").await.unwrap(),
        ROWS as usize
    );
    drop(first);
    let third = drain(once_admitted(&mut client).await).await;
    assert!(third.outcome.is_ok());
    // The one that waited is whole.
    let second = drain(second).await;
    assert!(second.outcome.is_ok());
    assert_eq!(second.rows, third.rows);
    service.stop().await;
}

/// The time of an export passes while its client does not read. It also shows that nothing piles up in between: what
/// arrives later is what was read before the time was up.
#[tokio::test]
async fn the_deadline_of_a_client_that_stopped_reading() {
    let (service, mut client) = scene(|s| {
        s.export.deadline_seconds = 1;
        s.export.max_concurrent = 1;
    })
    .await;
    let stream = export(&mut service.slow_clients("cliente-mlps-ammortizzatori"), "")
        .await
        .unwrap();
    // The permit is free once the time is up, although the client has not read a thing.
    drop(once_admitted(&mut client).await);
    let broken = drain(stream).await;
    let status = broken.outcome.clone().unwrap_err();
    assert_error(&status, Code::DeadlineExceeded, ErrorReason::ExportDeadline);
    // hyper keeps up to 400 KiB for a stream: some 60 lotti of 50 rows. All of them would be 160.
    assert!(
        (1..100).contains(&broken.batches),
        "{} lotti",
        broken.batches
    );
    service.stop().await;
}

#[tokio::test]
async fn a_broken_stream_is_resumed_without_a_gap() {
    let (service, mut client) = scene(|s| s.export.deadline_seconds = 1).await;
    let mut stream = export(&mut service.slow_clients("cliente-mlps-ammortizzatori"), "")
        .await
        .unwrap();
    stream.message().await.unwrap().unwrap();
    sleep(Duration::from_millis(1200)).await;
    let broken = drain(stream).await;
    assert!(broken.outcome.is_err());
    assert_all(&resume(&mut client, broken).await);
    service.stop().await;
}

#[tokio::test]
async fn the_server_stops_while_exports_run() {
    let (service, _) = scene(|s| s.server.drain_seconds = 1).await;
    let read = export(&mut service.slow_clients("cliente-mlps-ammortizzatori"), "")
        .await
        .unwrap();
    let mut never_read = export(&mut service.slow_clients("cliente-mlps-ammortizzatori"), "")
        .await
        .unwrap();
    never_read.message().await.unwrap().unwrap();
    let asked = Instant::now();
    service.ask_to_stop();
    let reader = tokio::spawn(async move {
        sleep(Duration::from_millis(1200)).await;
        drain(read).await
    });
    service.stop().await;
    // One second to drain, two for the last words.
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    let read = reader.await.unwrap();
    assert_error(
        &read.outcome.unwrap_err(),
        Code::Unavailable,
        ErrorReason::ShuttingDown,
    );
    assert!(!read.rows.is_empty() && read.rows.len() < ROWS as usize);
    // Too late for a word, it may be; but not for an end that looks well.
    assert!(drain(never_read).await.outcome.is_err());
}

/// An export that ends within the time to drain is whole.
#[tokio::test]
async fn the_server_stops_and_lets_exports_end() {
    let (service, mut client) = scene(|s| s.server.drain_seconds = 30).await;
    let stream = export(&mut client, "").await.unwrap();
    service.ask_to_stop();
    sleep(Duration::from_millis(100)).await;
    let exported = drain(stream).await;
    assert!(exported.outcome.is_ok());
    assert_eq!(exported.rows.len(), ROWS as usize);
    drop(client);
    timeout(Duration::from_secs(5), service.stop())
        .await
        .expect("nothing is left to wait for");
}

#[tokio::test]
async fn the_database_goes_in_the_middle() {
    let (service, mut client) = scene(|s| s.export.batch_rows = 20).await;
    let everything = drain(export(&mut client, "").await.unwrap()).await;
    assert!(everything.outcome.is_ok());
    assert_all(&everything.rows);
    let (mut broken, mut cut) = (0, 0);
    for pause in [0, 3, 7, 15, 40, 80] {
        let stream = export(&mut client, "").await.unwrap();
        let reader = tokio::spawn(drain(stream));
        sleep(Duration::from_millis(pause)).await;
        // Again and again, so that it happens inside a query as well as between two.
        while !reader.is_finished() {
            cut += service.db.detach().await;
        }
        let exported = reader.await.unwrap();
        match exported.outcome {
            Ok(_) => assert!(exported.rows == everything.rows),
            Err(status) => {
                assert_error(&status, Code::Unavailable, ErrorReason::DatabaseUnavailable);
                assert!(everything.rows.starts_with(&exported.rows));
                broken += 1;
            }
        }
    }
    assert!(cut > 0, "no connection was there to be cut");
    assert!(broken > 0, "every export got through");
    // And when it is back, all is well.
    let again = drain(export(&mut client, "").await.unwrap()).await;
    assert!(again.rows == everything.rows);
    service.stop().await;
}
