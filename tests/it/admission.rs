//! Who is let in at all, over the real server: tokens, the days of a grant, calls that do not exist.

use omnia::contract::proto::{ErrorReason, GetMyAccessRequest};
use tonic::{
    Code, Request, Status, client::Grpc, codegen::http::uri::PathAndQuery,
    service::interceptor::InterceptedService,
};

use crate::{
    abilitazione::revoke,
    calls::{self, RPC, call_rpc, every_rpc},
    errors::assert_error,
    eventually::eventually,
    server::{Bearer, TODAY, TestServer, whole_scope},
};

/// Every call, for a caller without a valid grant or token.
async fn all_refused(
    service: &TestServer,
    soggetto: Option<&str>,
    code: Code,
    reason: ErrorReason,
) {
    let mut client = match soggetto {
        Some(soggetto) => service.clients_as(soggetto),
        None => service.clients_with(None),
    };
    for rpc in every_rpc() {
        let status = call_rpc(&mut client, rpc, "").await.unwrap_err();
        assert_error(&status, code, reason);
    }
}

#[tokio::test]
async fn without_a_grant_that_is_valid_today_nothing_is_allowed() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let id = service
        .grant_scope("valido", "mlps-ammortizzatori", whole_scope())
        .await;
    let denied = Code::PermissionDenied;
    all_refused(
        &service,
        None,
        Code::Unauthenticated,
        ErrorReason::TokenMissing,
    )
    .await;
    all_refused(&service, Some("nessuno"), denied, ErrorReason::GrantMissing).await;
    // The grant's days are Rome's: its first begins at 23:00 UTC of the day before.
    for (instant, valid) in [
        ("2025-12-31T22:59:59Z", false),
        ("2025-12-31T23:00:00Z", true),
        ("2026-12-31T22:59:59Z", true),
        ("2026-12-31T23:00:00Z", false),
    ] {
        service.set_clock(instant);
        if valid {
            let mut client = service.clients_as("valido");
            for rpc in RPC {
                assert!(call_rpc(&mut client, rpc, "").await.unwrap() > 0, "{rpc}");
            }
        } else {
            all_refused(&service, Some("valido"), denied, ErrorReason::GrantNotValid).await;
        }
    }
    service.set_clock(TODAY);
    let mut client = service.clients_as("valido");
    assert!(call_rpc(&mut client, RPC[0], "").await.is_ok());
    revoke(&service.db.owner, &service.clock, id).await;
    // On the connection that was good a moment ago.
    eventually("the grant is over", async || {
        call_rpc(&mut client, RPC[0], "").await.is_err()
    })
    .await;
    let status = call_rpc(&mut client, RPC[0], "").await.unwrap_err();
    assert_error(&status, denied, ErrorReason::GrantRevoked);
    all_refused(&service, Some("valido"), denied, ErrorReason::GrantRevoked).await;
    service.stop().await;
}

#[tokio::test]
async fn what_does_not_exist_is_unknown() {
    let service = TestServer::start().await;
    service
        .grant_scope("valido", "mlps-ammortizzatori", whole_scope())
        .await;
    let call = |token: Option<String>, path: &'static str| {
        let bearer = Bearer::new(token.as_deref());
        let channel = service.channel();
        async move {
            let channel = InterceptedService::new(channel, bearer);
            let mut grpc = Grpc::new(channel);
            grpc.ready().await.unwrap();
            let codec =
                tonic_prost::ProstCodec::<GetMyAccessRequest, GetMyAccessRequest>::default();
            let path = PathAndQuery::from_static(path);
            let answer: Result<_, Status> = grpc
                .unary(Request::new(GetMyAccessRequest {}), path, codec)
                .await;
            answer.map(drop).unwrap_err()
        }
    };
    let good = || Some(service.token("valido"));
    let unknown = (Code::Unimplemented, ErrorReason::CallUnknown);
    for (token, path, (code, reason)) in [
        (
            good(),
            "/inps.omnia.monitoraggio.v1.DecreeService/DropDecrees",
            unknown,
        ),
        (
            good(),
            "/inps.omnia.monitoraggio.v1.NoSuchService/List",
            unknown,
        ),
        (
            good(),
            "/inps.omnia.monitoraggio.v2.DecreeService/ListDecrees",
            unknown,
        ),
        (good(), "/x", unknown),
        // Without a token no one learns which calls of the contract there are; other services have nothing to hide.
        (
            None,
            "/inps.omnia.monitoraggio.v1.DecreeService/DropDecrees",
            (Code::Unauthenticated, ErrorReason::TokenMissing),
        ),
        (None, "/some.Other/Thing", unknown),
    ] {
        assert_error(&call(token, path).await, code, reason);
    }
    service.stop().await;
}
