//! Streams that need no token: as many as one address needs, and no more.

use omnia::contract::proto::ErrorReason;
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use super::RawConnection;
use crate::{errors::assert_error, eventually::eventually, server::TestServer};

const WATCH: &str = "/grpc.health.v1.Health/Watch";
const REFLECTION: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

#[tokio::test]
async fn one_address_has_so_many_and_they_may_be_idle() {
    let service = TestServer::start_with(|s| {
        s.server.trusted_proxies = vec!["127.0.0.1".to_owned()];
    })
    .await;
    let mut raw = RawConnection::connect(service.address).await;
    let request = HealthCheckRequest::default();
    let mut held = Vec::new();
    let here = [("x-forwarded-for", "2001:db8::1")];
    for _ in 0..32 {
        let mut watch = raw
            .call::<HealthCheckResponse>(WATCH, &here, &request)
            .await;
        watch.message().await.unwrap().unwrap();
        held.push(watch);
    }
    // Of the same /64, on another connection, and of any kind.
    let mut other = RawConnection::connect(service.address).await;
    for path in [WATCH, REFLECTION[0], REFLECTION[1]] {
        let near = [("x-forwarded-for", "2001:db8::ffff")];
        let answer = other.ask::<()>(path, &near, &request, false).await.unwrap();
        let error = assert_error(
            &answer.status().await,
            Code::ResourceExhausted,
            ErrorReason::TooManyStreams,
        );
        assert_eq!(error.metadata["limit"], "address");
    }
    let mut elsewhere = other
        .call::<HealthCheckResponse>(WATCH, &[("x-forwarded-for", "2001:db8:0:1::1")], &request)
        .await;
    assert!(elsewhere.message().await.unwrap().is_some());
    // A call with one answer is none of them.
    let check = other.call::<()>("/grpc.health.v1.Health/Check", &here, &request);
    assert_eq!(check.await.status().await.code(), Code::Ok);

    held.pop();
    eventually("a place is free", async || {
        let answer = raw
            .call::<HealthCheckResponse>(WATCH, &here, &request)
            .await;
        held.push(answer);
        held.last_mut().unwrap().message().await.unwrap().is_some()
    })
    .await;
    drop(held);
    service.ask_to_stop();
}
