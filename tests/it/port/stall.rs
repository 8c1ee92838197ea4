//! Streams whose clients do not read: their places are given to others.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use omnia::{
    contract::proto::ErrorReason,
    transport::{calls::CallTask, connection_io::Connection, serve::serve},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, body::Body};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tower::service_fn;

use super::{
    PATIENCE, RawConnection, connections,
    deadline::{last_token, rows},
    export, server,
};
use crate::{
    audit::call_records, errors::assert_error, eventually::eventually, server::TestServer,
};

#[tokio::test]
async fn a_stream_that_does_not_move_gives_its_place_back_and_says_where_to_go_on() {
    let service = server(|s| {
        s.export.max_concurrent = 1;
        // As long again is there to fetch the status.
        s.export.stall_seconds = 2;
    })
    .await;
    let mut raw = RawConnection::with_window(service.address, 16 * 1024).await;
    let begun = Instant::now();
    let mut stalled = export(&mut raw, &service, "uno", &[], "").await;
    let first = stalled.message().await.unwrap().unwrap();
    let mut next = None;
    eventually("the place is free", async || {
        let mut answer = export(&mut raw, &service, "due", &[], "").await;
        let begins = answer.message().await.unwrap().is_some();
        next = begins.then_some(answer);
        begins
    })
    .await;
    assert!(begun.elapsed() >= Duration::from_secs(2));
    let (mut messages, status) = stalled.drain().await.unwrap();
    assert_eq!(next.unwrap().status().await.code(), Code::Ok);
    messages.insert(0, first);
    let error = assert_error(&status, Code::DeadlineExceeded, ErrorReason::ExportStalled);
    assert_eq!(error.metadata["resume_token"], last_token(&messages));
    let (rest, status) = export(&mut raw, &service, "uno", &[], &last_token(&messages))
        .await
        .drain()
        .await
        .unwrap();
    assert_eq!(status.code(), Code::Ok);
    assert_eq!(rows(&messages) + rows(&rest), super::ROWS as usize);
    service.stop().await;
}

/// Not even the status is fetched: the stream is reset, and the log says what became of it.
#[tokio::test]
async fn a_stream_that_is_never_read_again_is_reset() {
    let service = server(|s| s.export.stall_seconds = 1).await;
    let mut raw = RawConnection::with_window(service.address, 16 * 1024).await;
    let stalled = export(&mut raw, &service, "uno", &[], "").await;
    eventually("the end is recorded", async || {
        let records = call_records(&service.db.owner).await;
        records.iter().any(|record| {
            record["tipo"] == "FINE"
                && record["esito"] == "DEADLINE_EXCEEDED"
                && record["motivo"] == "ERROR_REASON_EXPORT_STALLED"
        })
    })
    .await;
    let error = timeout(Duration::from_secs(5), stalled.drain())
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(error.reason(), Some(h2::Reason::CANCEL), "{error}");
    // Other calls on the connection do not notice.
    let next = export(&mut raw, &service, "due", &[], "").await;
    assert_eq!(next.status().await.code(), Code::Ok);
    service.stop().await;
}

/// One message, or none that needs a token: it is ended like a stream, and holds no connection.
#[tokio::test]
async fn an_answer_that_is_not_taken_is_reset_and_others_get_its_connection() {
    let service = TestServer::start_with(|s| {
        s.server.max_connections_per_address = 3;
        s.export.stall_seconds = 1;
    })
    .await;
    let check = HealthCheckRequest::default();
    let path = "/grpc.health.v1.Health/Check";
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut raw = RawConnection::with_window(service.address, 0).await;
        let answer = raw.call::<HealthCheckResponse>(path, &[], &check).await;
        held.push((raw, answer));
    }
    for (_, answer) in &mut held {
        let error = timeout(Duration::from_secs(20), answer.message());
        let error = error.await.unwrap().unwrap_err();
        assert_eq!(error.reason(), Some(h2::Reason::CANCEL), "{error}");
    }
    let mut next = RawConnection::connect(service.address).await;
    let answer = next.call::<HealthCheckResponse>(path, &[], &check).await;
    assert_eq!(answer.status().await.code(), Code::Ok);
    service.stop().await;
}

/// On HTTP/1.1 what would reset a stream closes the connection.
#[tokio::test]
async fn the_end_of_a_call_of_http_1_is_the_end_of_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (tcp, peer) = listener.accept().await.unwrap();
    let slot = connections().admit(peer.ip()).unwrap();
    let service = service_fn(|_: http::Request<Body>| {
        let task = CallTask::current();
        async move {
            assert!(task.is_none(), "not before the call runs");
            CallTask::current().unwrap().reset();
            std::future::pending::<Result<http::Response<Body>, Infallible>>().await
        }
    });
    let connection = futures_util::stream::iter([Connection::plain(tcp, slot, PATIENCE)]);
    let served = tokio::spawn(serve(connection, service, CancellationToken::new()));
    let request = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    client.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    assert!(answer.is_empty());
    served.await.unwrap();
}

/// All told it takes several times as long as a stream may stand still.
#[tokio::test]
async fn who_reads_slowly_is_not_stalled() {
    let service = server(|s| s.export.stall_seconds = 1).await;
    let mut raw = RawConnection::with_window(service.address, 16 * 1024).await;
    let mut slow = export(&mut raw, &service, "uno", &[], "").await;
    let begun = Instant::now();
    let mut taken = 0;
    while begun.elapsed() < Duration::from_secs(3) {
        assert!(slow.take().await.unwrap());
        taken += 1;
        sleep(Duration::from_millis(100)).await;
    }
    assert!(taken > 10);
    let (messages, status) = slow.drain().await.unwrap();
    assert_eq!(status.code(), Code::Ok, "{status:?}");
    assert_eq!(rows(&messages), super::ROWS as usize);
    service.stop().await;
}
