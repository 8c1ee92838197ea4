//! Health follows what the calls experience.

use std::time::Duration;

use futures_util::future::join_all;
use omnia::contract::proto::ErrorReason;
use tokio::time::Instant;
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use super::{becomes, health};
use crate::{
    audit::intact,
    calls::{self, call_rpc},
    errors::assert_error,
    server::TestServer,
};

const ACCESS: &str = "AccessService/GetMyAccess";

/// To be able to read the log is not to be able to write it.
#[tokio::test]
async fn it_does_not_serve_while_every_record_is_refused() {
    let service = TestServer::start().await;
    let mut client = service.clients_of("mef-rgs").await;
    call_rpc(&mut client, ACCESS, "").await.unwrap();
    becomes(&service, ServingStatus::Serving).await;
    let set = async |statement: &'static str| {
        sqlx::raw_sql(statement)
            .execute(&service.db.owner)
            .await
            .unwrap();
    };
    set("revoke insert on audit_registro from omnia_servizio").await;
    let status = call_rpc(&mut client, ACCESS, "").await.unwrap_err();
    assert_error(&status, Code::Unavailable, ErrorReason::AuditUnavailable);
    let told = becomes(&service, ServingStatus::NotServing).await;
    assert!(told < Duration::from_secs(2), "{told:?}");
    // And without calls it finds out nothing that is not so.
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(health(&service).await, ServingStatus::NotServing);
    }
    set("grant insert on audit_registro to omnia_servizio").await;
    becomes(&service, ServingStatus::Serving).await;
    call_rpc(&mut client, ACCESS, "").await.unwrap();

    let db = service.stop().await;
    intact(&db.owner).await;
    let records: Vec<serde_json::Value> =
        sqlx::query_scalar("select record::json from audit_record order by catena, numero")
            .fetch_all(&db.owner)
            .await
            .unwrap();
    let kinds: Vec<&str> = records
        .iter()
        .map(|r| r["tipo"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["APERTURA", "CHIAMATA", "RIPRESA", "CHIAMATA", "CHIUSURA"]
    );
    assert!(records[2]["dal"].is_string(), "{}", records[2]);
}

/// Both from the moment the database went: health is not later than the first refused call by more than two seconds.
#[tokio::test]
async fn it_does_not_serve_two_seconds_after_the_first_refused_call() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let mut client = service.clients_of("mef-rgs").await;
    becomes(&service, ServingStatus::Serving).await;
    service.db.allow_connections(false).await;
    service.db.detach().await;
    let begin = Instant::now();
    let refused = async {
        while call_rpc(&mut client, "ReportService/GetReportSintetico", "")
            .await
            .is_ok()
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        begin.elapsed()
    };
    let told = becomes(&service, ServingStatus::NotServing);
    let (refused, told) = tokio::join!(refused, told);
    assert!(
        told < refused + Duration::from_secs(2),
        "{told:?} {refused:?}"
    );
    service.db.allow_connections(true).await;
    becomes(&service, ServingStatus::Serving).await;
    call_rpc(&mut client, ACCESS, "").await.unwrap();
    service.stop().await;
}

/// Where the grants cannot be read, callers do not try one after the other.
#[tokio::test]
async fn a_reading_that_fails_fails_for_all_who_wait_for_it() {
    let service = TestServer::start().await;
    let client = service.clients_of("mef-rgs").await;
    becomes(&service, ServingStatus::Serving).await;
    let mut lock = service.db.owner.begin().await.unwrap();
    sqlx::raw_sql("lock table abilitazione in access exclusive mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    becomes(&service, ServingStatus::NotServing).await;
    let begin = Instant::now();
    let calls = (0..30).map(|_| {
        let mut client = client.clone();
        async move { call_rpc(&mut client, ACCESS, "").await }
    });
    for answer in join_all(calls).await {
        let status = answer.unwrap_err();
        assert_error(&status, Code::Unavailable, ErrorReason::DatabaseUnavailable);
    }
    // Two readings of two seconds, and not thirty.
    assert!(
        begin.elapsed() < Duration::from_secs(15),
        "{:?}",
        begin.elapsed()
    );
    lock.rollback().await.unwrap();
    becomes(&service, ServingStatus::Serving).await;
    service.stop().await;
}

/// A draining service takes no new caller, however well it is.
#[tokio::test]
async fn once_it_is_asked_to_stop_it_does_not_serve_again() {
    let service = TestServer::start_with(|s| s.server.drain_seconds = 2).await;
    becomes(&service, ServingStatus::Serving).await;
    let mut watch = HealthClient::new(service.channel())
        .watch(HealthCheckRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        watch.message().await.unwrap().unwrap().status(),
        ServingStatus::Serving
    );
    // It drains for two seconds, with this very stream under way.
    service.stop().await;
    let mut said = Vec::new();
    while let Ok(Ok(Some(answer))) =
        tokio::time::timeout(Duration::from_millis(300), watch.message()).await
    {
        said.push(answer.status());
    }
    assert_eq!(said, [ServingStatus::NotServing]);
}
