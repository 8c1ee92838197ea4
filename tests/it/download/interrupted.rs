//! A download when something goes wrong on the way: it ends whole or with an error, never short and well.

use std::time::Duration;

use omnia::contract::proto::{
    ChiusuraFileDecreti, DownloadDecreesRequest, DownloadDecreesResponse, ErrorReason, FormatoFile,
};
use tokio::time::{sleep, timeout};
use tonic::{Code, Status, Streaming};

use super::{DrainedDownload, FORMATS, decreti, drain};
use crate::{
    errors::assert_error,
    export_stream::many_rows,
    model::NORMATIVE,
    server::{CallerClients, TestServer},
};

/// A CSV of some 3.5 MB: more than what fits between a server and a client who does not read, which is some 2 MB.
const ROWS: u32 = 30_000;
const WHO: &str = "cliente-mlps-ammortizzatori";

async fn scene(change: impl FnOnce(&mut omnia::config::Settings)) -> (TestServer, CallerClients) {
    let service = TestServer::start_with(change).await;
    service.load(&many_rows(ROWS), "2026-10-31").await;
    let client = service.clients_of("mlps-ammortizzatori").await;
    (service, client)
}

async fn download(
    client: &mut CallerClients,
    formato: FormatoFile,
    offset: i64,
) -> Result<Streaming<DownloadDecreesResponse>, Status> {
    let request = DownloadDecreesRequest {
        normativa: NORMATIVE[0].into(),
        rilevazione: 1,
        formato: formato.into(),
        offset,
        ..Default::default()
    };
    let stream = client.decreti.download_decrees(request).await?;
    Ok(stream.into_inner())
}

/// The rest of a file that broke is what follows, and together they are the file.
async fn resume(client: &mut CallerClients, broken: DrainedDownload<ChiusuraFileDecreti>) {
    let mut byte = broken.bytes;
    let offset = i64::try_from(byte.len()).unwrap();
    let stream = download(client, FormatoFile::Csv, offset).await.unwrap();
    let rest = drain(stream, offset).await;
    byte.extend(rest.bytes);
    let whole = download(client, FormatoFile::Csv, 0).await.unwrap();
    let whole = drain(whole, 0).await;
    assert!(byte == whole.bytes);
    assert_eq!(rest.outcome.unwrap(), whole.outcome.unwrap());
}

#[tokio::test]
async fn the_deadline_of_a_client_that_stopped_reading() {
    let (service, mut client) = scene(|s| {
        s.export.deadline_seconds = 5;
        s.export.max_concurrent = 1;
    })
    .await;
    let stream = download(&mut service.slow_clients(WHO), FormatoFile::Csv, 0)
        .await
        .unwrap();
    // Downloads count among the exports.
    let status = download(&mut client, FormatoFile::Xlsx, 0)
        .await
        .unwrap_err();
    assert_error(
        &status,
        Code::ResourceExhausted,
        ErrorReason::TooManyExports,
    );
    sleep(Duration::from_millis(5200)).await;
    let broken = drain(stream, 0).await;
    let status = broken.outcome.as_ref().unwrap_err();
    assert_error(status, Code::DeadlineExceeded, ErrorReason::ExportDeadline);
    resume(&mut client, broken).await;
    service.stop().await;
}

#[tokio::test]
async fn the_server_stops_while_a_download_runs() {
    let (service, _) = scene(|s| s.server.drain_seconds = 1).await;
    let mut streams = Vec::new();
    for formato in FORMATS {
        streams.push(
            download(&mut service.slow_clients(WHO), formato, 0)
                .await
                .unwrap(),
        );
    }
    // Read so slowly that it cannot end within the second to drain.
    let mut stream = streams.swap_remove(0);
    stream.message().await.unwrap().unwrap();
    service.ask_to_stop();
    let reader = tokio::spawn(async move {
        sleep(Duration::from_millis(1200)).await;
        let mut last = Ok(None);
        while let Ok(Some(message)) = stream.message().await.inspect_err(|status| {
            last = Err(status.clone());
        }) {
            last = Ok(Some(message));
        }
        last
    });
    service.stop().await;
    let status = reader.await.unwrap().unwrap_err();
    assert_error(&status, Code::Unavailable, ErrorReason::ShuttingDown);
    for stream in streams {
        // A small one may have ended in time, and then it is whole: `drain` sees to that.
        let _ = drain(stream, 0).await;
    }
}

#[tokio::test]
async fn the_database_goes_in_the_middle() {
    let (service, mut client) = scene(|s| s.export.batch_rows = 200).await;
    let mut broken = 0;
    for formato in FORMATS {
        let whole = drain(download(&mut client, formato, 0).await.unwrap(), 0).await;
        for pause in [0, 10, 40] {
            let stream = download(&mut client, formato, 0).await.unwrap();
            let reader = tokio::spawn(drain(stream, 0));
            sleep(Duration::from_millis(pause)).await;
            while !reader.is_finished() {
                service.db.detach().await;
            }
            let file = reader.await.unwrap();
            match file.outcome {
                Ok(chiusura) => assert_eq!(&chiusura, whole.outcome.as_ref().unwrap()),
                Err(status) => {
                    assert_error(&status, Code::Unavailable, ErrorReason::DatabaseUnavailable);
                    assert!(whole.bytes.starts_with(&file.bytes), "{formato:?}");
                    broken += 1;
                }
            }
        }
    }
    assert!(broken > 0, "every download got through");
    service.stop().await;
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing_behind() {
    let (service, mut client) = scene(|s| s.export.max_concurrent = 1).await;
    for formato in FORMATS {
        let mut stream = download(&mut service.slow_clients(WHO), formato, 0)
            .await
            .unwrap();
        stream.message().await.unwrap().unwrap();
        drop(stream);
        let request = DownloadDecreesRequest {
            normativa: NORMATIVE[0].into(),
            formato: FormatoFile::Csv.into(),
            ..Default::default()
        };
        // Its place is free.
        let again = async {
            loop {
                match decreti(&mut client, request.clone()).await {
                    Ok(file) => return file,
                    Err(status) => {
                        let (code, reason) = (Code::ResourceExhausted, ErrorReason::TooManyExports);
                        assert_error(&status, code, reason);
                        sleep(Duration::from_millis(20)).await;
                    }
                }
            }
        };
        let file = timeout(Duration::from_secs(20), again).await.unwrap();
        assert_eq!(file.chiusura.totali.unwrap().righe, i64::from(ROWS));
    }
    service.stop().await;
}
