//! Connections that say nothing, and too many of them.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use super::RawConnection;
use crate::server::TestServer;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const CHECK: &str = "/grpc.health.v1.Health/Check";
const WATCH: &str = "/grpc.health.v1.Health/Watch";

async fn answered(raw: &mut RawConnection) -> bool {
    let request = HealthCheckRequest::default();
    let answer = raw
        .ask::<HealthCheckResponse>(CHECK, &[], &request, true)
        .await;
    match answer {
        Ok(answer) => answer.status().await.code() == Code::Ok,
        Err(_) => false,
    }
}

/// What comes on a connection on which this is said, and how long it is open.
async fn open_for(service: &TestServer, said: &[u8]) -> Duration {
    let mut tcp = TcpStream::connect(service.address).await.unwrap();
    let begun = Instant::now();
    tcp.write_all(said).await.unwrap();
    let mut answer = Vec::new();
    let closed = timeout(Duration::from_secs(10), tcp.read_to_end(&mut answer)).await;
    assert!(closed.is_ok(), "left open after {said:?}");
    begun.elapsed()
}

#[tokio::test]
async fn who_does_not_begin_is_closed_and_who_has_begun_may_be_idle() {
    let service = TestServer::start_with(|s| s.server.preface_seconds = 1).await;
    let mut idle = RawConnection::connect(service.address).await;
    assert!(answered(&mut idle).await);
    let ping = [PREFACE, b"\0\0\x08\x06\0\0\0\0\0", b"12345678"].concat();
    let said = [&b""[..], &PREFACE[..9], PREFACE, &ping];
    let ended = futures_util::future::join_all(said.map(|said| open_for(&service, said))).await;
    for (said, open) in said.into_iter().zip(ended) {
        assert!(open >= Duration::from_millis(900), "{said:?}: {open:?}");
    }
    assert!(answered(&mut idle).await);
    service.stop().await;
}

#[tokio::test]
async fn silent_connections_make_room_and_those_with_a_call_do_not() {
    let service = TestServer::start_with(|s| {
        s.server.max_connections = 8;
        s.server.max_connections_per_address = 4;
    })
    .await;
    // Three with a call under way, which never ends.
    let request = HealthCheckRequest::default();
    let mut watching = Vec::new();
    for _ in 0..3 {
        let mut raw = RawConnection::connect(service.address).await;
        let mut watch = raw.call::<HealthCheckResponse>(WATCH, &[], &request).await;
        watch.message().await.unwrap().unwrap();
        watching.push((raw, watch));
    }
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(service.address).await.unwrap());
        let mut caller = RawConnection::connect(service.address).await;
        assert!(answered(&mut caller).await);
    }
    // The first ones were closed for those that came after them.
    let mut answer = Vec::new();
    let closed = timeout(Duration::from_secs(5), silent[0].read_to_end(&mut answer)).await;
    assert!(closed.is_ok());
    drop(silent);

    // Where every connection has a call, the new one is closed, and no other.
    let mut fourth = RawConnection::connect(service.address).await;
    let mut watch = fourth
        .call::<HealthCheckResponse>(WATCH, &[], &request)
        .await;
    watch.message().await.unwrap().unwrap();
    let mut refused = TcpStream::connect(service.address).await.unwrap();
    let closed = timeout(Duration::from_secs(5), refused.read_to_end(&mut answer)).await;
    assert!(closed.is_ok());
    for (raw, _) in &mut watching {
        assert!(answered(raw).await);
    }
    service.ask_to_stop();
}

/// A connection that rests makes room with a goodbye.
#[tokio::test]
async fn an_idle_connection_is_told_before_it_is_closed() {
    let service = TestServer::start_with(|s| s.server.max_connections_per_address = 1).await;
    let mut idle = RawConnection::connect(service.address).await;
    assert!(answered(&mut idle).await);
    let mut next = RawConnection::connect(service.address).await;
    assert!(answered(&mut next).await);
    timeout(Duration::from_secs(5), idle.closed())
        .await
        .unwrap();
    service.ask_to_stop();
}
