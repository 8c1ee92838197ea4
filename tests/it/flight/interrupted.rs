//! Streams that do not come to their end.

use arrow_flight::{FlightData, Ticket};
use omnia::contract::proto::{ErrorReason, ExportDecreesRequest};
use tokio::time::{Duration, sleep, timeout};
use tonic::{Code, Status, Streaming};

use super::{plain_ticket, take};
use crate::{
    abilitazione::revoke,
    errors::assert_error,
    eventually::eventually,
    export_stream::many_rows,
    model::NORMATIVE,
    server::{CallerClients, TestServer, whole_scope},
};

/// Far more than what fits between a server and a client who does not read.
const ROWS: u32 = 8_000;

fn whole_ticket(soggetto: &str) -> String {
    plain_ticket(
        soggetto,
        &ExportDecreesRequest {
            normativa: NORMATIVE[0].into(),
            ..Default::default()
        },
    )
}

/// Begins to read, and reads no further than the schema.
async fn begin(client: &mut CallerClients) -> Result<Streaming<FlightData>, Status> {
    let ticket = Ticket::new(whole_ticket(&client.soggetto));
    let mut stream = client.flight.do_get(ticket).await?.into_inner();
    stream.message().await.unwrap().unwrap();
    Ok(stream)
}

/// Reads on: the rows' messages, and how it ended.
async fn read_rest(mut stream: Streaming<FlightData>) -> (bool, Result<(), Status>) {
    let mut ended = false;
    loop {
        match stream.message().await {
            Err(status) => return (ended, Err(status)),
            Ok(None) => return (ended, Ok(())),
            Ok(Some(message)) => {
                ended |= message.app_metadata.starts_with(br#"{"chiusura""#);
            }
        }
    }
}

#[tokio::test]
async fn a_grant_that_is_revoked_ends_its_streams() {
    let service = TestServer::start_with(|s| s.export.batch_rows = 50).await;
    service.load(&many_rows(ROWS), "2026-10-31").await;
    let id = service
        .grant_scope("be", "mlps-ammortizzatori", whole_scope())
        .await;
    let mut client = service.slow_clients("be");
    let stream = begin(&mut client).await.unwrap();
    revoke(&service.db.owner, &service.clock, id).await;
    // It does not read for a while: what ends the stream is not the reading.
    sleep(Duration::from_millis(1500)).await;
    let end = timeout(Duration::from_secs(10), read_rest(stream)).await;
    let (ended, esito) = end.expect("the stream ends");
    assert!(!ended);
    assert_error(
        &esito.unwrap_err(),
        Code::PermissionDenied,
        ErrorReason::GrantRevoked,
    );
    service.stop().await;
}

/// A flight takes its place among the exports, and gives it back when its reader has gone.
#[tokio::test]
async fn flights_and_exports_share_their_places() {
    let service = TestServer::start_with(|s| {
        s.export.batch_rows = 50;
        s.export.max_concurrent = 1;
    })
    .await;
    service.load(&many_rows(ROWS), "2026-10-31").await;
    service
        .grant_scope("be", "mlps-ammortizzatori", whole_scope())
        .await;
    let mut client = service.slow_clients("be");
    let stream = begin(&mut client).await.unwrap();
    let mut other = service.clients_as("be");
    let status = begin(&mut other).await.map(drop).unwrap_err();
    assert_error(
        &status,
        Code::ResourceExhausted,
        ErrorReason::TooManyExports,
    );
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    let status = other.decreti.export_decrees(request).await.unwrap_err();
    assert_error(
        &status,
        Code::ResourceExhausted,
        ErrorReason::TooManyExports,
    );
    drop(stream);
    eventually("its place is free", async || {
        begin(&mut other).await.is_ok()
    })
    .await;
    service.stop().await;
}

#[tokio::test]
async fn a_stream_that_was_dropped_goes_on_from_its_last_batch() {
    let service = TestServer::start_with(|s| s.export.batch_rows = 50).await;
    service.load(&many_rows(1_000), "2026-10-31").await;
    service
        .grant_scope("be", "mlps-ammortizzatori", whole_scope())
        .await;
    let mut client = service.clients_as("be");
    let mut stream = begin(&mut client).await.unwrap();
    let mut resume_tokens = Vec::new();
    while resume_tokens.len() < 5 {
        let message = stream.message().await.unwrap().unwrap();
        // Dictionaries have none.
        let app = serde_json::from_slice::<serde_json::Value>(&message.app_metadata);
        resume_tokens.extend(app.map(|app| app["ripresa"].as_str().unwrap().to_owned()));
    }
    drop(stream);
    let whole = take(&mut client, whole_ticket("be")).await.unwrap();
    let rest = take(&mut client, resume_tokens.pop().unwrap())
        .await
        .unwrap();
    assert_eq!((whole.rows.len(), rest.rows.len()), (1_000, 750));
    assert_eq!(rest.outcome.unwrap().righe, 750);
    assert!(whole.rows.ends_with(&rest.rows));
    service.stop().await;
}
