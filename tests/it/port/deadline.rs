//! The caller's deadline: at it the call ends, with a reason, and so does its work.

use std::time::{Duration, Instant};

use omnia::contract::proto::{
    CountDecreesRequest, ErrorReason, ExportDecreesResponse, ListDecreesRequest,
    export_decrees_response::Parte, path_of,
};
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_request::MessageRequest,
};

use super::{RawConnection, export, server, waiting};
use crate::{
    audit::call_records, calls::every_rpc, errors::assert_error, eventually::eventually,
    model::NORMATIVE, server::TestServer,
};

fn ended_by_the_caller(status: &tonic::Status) -> crate::errors::ContractError {
    let error = assert_error(status, Code::DeadlineExceeded, ErrorReason::CallDeadline);
    assert_eq!(error.metadata["deadline"], "caller");
    error
}

#[tokio::test]
async fn a_call_ends_at_its_deadline_with_a_reason_and_its_statement_with_it() {
    let service = server(|_| ()).await;
    let mut raw = RawConnection::connect(service.address).await;
    let bearer = format!("Bearer {}", service.token("uno"));
    let mut lock = service.db.owner.begin().await.unwrap();
    sqlx::query("lock table dettaglio_decreto in access exclusive mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    let list = ListDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    let count = CountDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    for rpc in ["DecreeService/ListDecrees", "DecreeService/CountDecrees"] {
        let path = format!("/{}", path_of(rpc));
        let headers = [("authorization", bearer.as_str()), ("grpc-timeout", "400m")];
        let begun = Instant::now();
        let answer = match rpc {
            "DecreeService/ListDecrees" => raw.call::<()>(&path, &headers, &list).await,
            _ => raw.call::<()>(&path, &headers, &count).await,
        };
        ended_by_the_caller(&answer.status().await);
        assert!(begun.elapsed() >= Duration::from_millis(400));
        assert!(begun.elapsed() < Duration::from_secs(5));
        // Long before the statement's own time is up, which is half a minute.
        eventually("the statement is cancelled", async || {
            waiting(&service.db.owner).await == 0
        })
        .await;
        assert!(begun.elapsed() < Duration::from_secs(10));
        let record = call_records(&service.db.owner).await.pop().unwrap();
        assert_eq!(record["rpc"], rpc);
        assert_eq!(record["soggetto"], "uno");
        assert_eq!(record["esito"], "DEADLINE_EXCEEDED");
        assert_eq!(record["motivo"], "ERROR_REASON_CALL_DEADLINE");
    }
    lock.rollback().await.unwrap();
    service.stop().await;
}

/// A client that goes away leaves no statement behind either.
#[tokio::test]
async fn the_statement_of_a_client_that_goes_away_is_cancelled() {
    let service = server(|s| s.database.max_connections = 9).await;
    let mut lock = service.db.owner.begin().await.unwrap();
    sqlx::query("lock table dettaglio_decreto in access exclusive mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    let request = ListDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    let mut calls = Vec::new();
    for _ in 0..9 {
        let (mut client, request) = (service.clients_as("uno"), request.clone());
        calls.push(tokio::spawn(async move {
            client.decreti.list_decrees(request).await
        }));
    }
    eventually("all connections wait", async || {
        waiting(&service.db.owner).await == 9
    })
    .await;
    for call in calls {
        call.abort();
    }
    eventually("none waits", async || waiting(&service.db.owner).await == 0).await;
    lock.rollback().await.unwrap();
    let mut client = service.clients_as("uno");
    client.decreti.list_decrees(request).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn a_stream_ends_at_its_deadline_though_nobody_reads_it_and_says_where_to_go_on() {
    let service = server(|s| s.export.max_concurrent = 1).await;
    let mut raw = RawConnection::with_window(service.address, 16 * 1024).await;
    let unread = export(&mut raw, &service, "uno", &[("grpc-timeout", "500m")], "").await;
    let status = export(&mut raw, &service, "due", &[], "")
        .await
        .status()
        .await;
    assert_error(
        &status,
        Code::ResourceExhausted,
        ErrorReason::TooManyExports,
    );
    eventually("the place is free", async || {
        let again = export(&mut raw, &service, "due", &[], "").await;
        again.status().await.code() == Code::Ok
    })
    .await;
    let (messages, status) = unread.drain().await.unwrap();
    let error = ended_by_the_caller(&status);
    assert_eq!(error.metadata["resume_token"], last_token(&messages));
    let (rest, status) = export(&mut raw, &service, "uno", &[], &last_token(&messages))
        .await
        .drain()
        .await
        .unwrap();
    assert_eq!(status.code(), Code::Ok);
    assert_eq!(rows(&messages) + rows(&rest), super::ROWS as usize);
    let records = call_records(&service.db.owner).await;
    let end = records
        .iter()
        .find(|r| r["motivo"] == "ERROR_REASON_CALL_DEADLINE");
    assert_eq!(end.unwrap()["esito"], "DEADLINE_EXCEEDED");
    service.stop().await;
}

pub(super) fn last_token(messages: &[ExportDecreesResponse]) -> String {
    let token = messages.iter().rev().find_map(|m| match &m.parte {
        Some(Parte::Lotto(lotto)) => Some(lotto.resume_token.clone()),
        _ => None,
    });
    token.expect("a lotto")
}

pub(super) fn rows(messages: &[ExportDecreesResponse]) -> usize {
    let rows = messages.iter().map(|m| match &m.parte {
        Some(Parte::Lotto(lotto)) => lotto.decreti.len(),
        _ => 0,
    });
    rows.sum()
}

async fn call(service: &TestServer, path: &str, timeouts: &[&str]) -> tonic::Status {
    let mut raw = RawConnection::connect(service.address).await;
    let bearer = format!("Bearer {}", service.token("uno"));
    let mut headers = vec![("authorization", bearer.as_str())];
    headers.extend(timeouts.iter().map(|timeout| ("grpc-timeout", *timeout)));
    let request = HealthCheckRequest::default();
    raw.call::<HealthCheckResponse>(path, &headers, &request)
        .await
        .status()
        .await
}

const FREE: [&str; 3] = [
    "grpc.health.v1.Health/Check",
    "grpc.health.v1.Health/Watch",
    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
];

#[tokio::test]
async fn no_time_at_all_and_a_time_that_is_none_are_refused_on_every_call() {
    let service = TestServer::start().await;
    let paths = every_rpc().into_iter().map(path_of);
    for path in paths.chain(FREE.map(str::to_owned)) {
        let path = format!("/{path}");
        ended_by_the_caller(&call(&service, &path, &["0m"]).await);
        for bad in [&["10"][..], &["123456789m"], &["+1S"], &["1S", "1S"]] {
            let status = call(&service, &path, bad).await;
            let error = assert_error(&status, Code::InvalidArgument, ErrorReason::InvalidRequest);
            assert_eq!(error.violations, ["grpc-timeout"], "{path} {bad:?}");
        }
    }
    service.stop().await;
}

#[tokio::test]
async fn a_stream_without_an_end_ends_at_its_deadline_too() {
    let service = TestServer::start().await;
    let status = call(&service, "/grpc.health.v1.Health/Watch", &["300m"]).await;
    ended_by_the_caller(&status);
    let mut raw = RawConnection::connect(service.address).await;
    // A reflection stream that was answered, and asks nothing more.
    let (path, headers) = (format!("/{}", FREE[2]), [("grpc-timeout", "300m")]);
    let question = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answer = raw.ask::<()>(&path, &headers, &question, false);
    let (answers, status) = answer.await.unwrap().drain().await.unwrap();
    assert_eq!(answers.len(), 1);
    ended_by_the_caller(&status);
    service.stop().await;
}
