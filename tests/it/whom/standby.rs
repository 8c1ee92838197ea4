//! A server that is a standby, or becomes one, is not used.

use std::collections::BTreeSet;

use omnia::{
    abilitazione::grants::{self, Azione},
    contract::proto::ErrorReason,
    postgres::{DATABASE, SERVING_ROLE, SideConnections, check_schema},
};
use sqlx::PgPool;
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;

use super::{
    becomes, health,
    replica::{Address, ReplicaPair},
};
use crate::{
    abilitazione::{motivo, operatore},
    calls::{self, call_rpc},
    errors::{assert_error, contract_error},
    eventually::eventually,
    server::{CallerClients, TestServer, whole_scope},
    test_bench::TestDatabase,
};

/// One that is answered from memory, and one that asks.
const CALLS: [&str; 2] = [
    "ReportService/GetReportSintetico",
    "DecreeService/CountDecrees",
];

/// By the first of these: the grants that are too old, or the record that cannot be written.
async fn all_are_refused(client: &mut CallerClients) {
    for rpc in CALLS {
        let status = call_rpc(client, rpc, "").await.unwrap_err();
        let error = contract_error(&status);
        assert_eq!(error.code, Code::Unavailable, "{error:?}");
        let refused = [
            ErrorReason::DatabaseUnavailable,
            ErrorReason::AuditUnavailable,
        ];
        assert!(refused.contains(&error.reason), "{error:?}");
    }
}

async fn step(pool: &PgPool, service: &TestServer, id: i64, azione: Azione) {
    let (operatore, motivo) = (operatore("carla"), motivo("prova"));
    grants::advance(pool, &service.clock, id, azione, &operatore, &motivo)
        .await
        .unwrap();
}

/// After a failover the old primary comes back as a standby, at the address that the service knows. What it has may be as old as
/// it likes: a grant that is suspended at the new primary would go on working.
#[tokio::test]
async fn a_primary_that_comes_back_as_a_standby_serves_nobody() {
    let mut pair = ReplicaPair::start().await;
    let address = Address::of(&pair.old.socket).await;
    let serving = format!(
        "postgres://{SERVING_ROLE}@{}/{DATABASE}?sslmode=disable",
        address.at
    );
    let db = TestDatabase::elsewhere(pair.old.url("omnia", DATABASE), serving);
    let service = TestServer::start_on(db, |_| ()).await;
    service.load(&calls::extract(), "2026-10-31").await;
    let id = service
        .grant_scope("be", "mlps-ammortizzatori", whole_scope())
        .await;
    let mut client = service.clients_as("be");
    for rpc in CALLS {
        call_rpc(&mut client, rpc, "").await.unwrap();
    }
    becomes(&service, ServingStatus::Serving).await;
    pair.caught_up().await;
    service.db.owner.close().await;

    pair.fail_over().await;
    pair.old.execute("select pg_wal_replay_pause()").await;
    let new = PgPool::connect(&pair.standby.url("omnia", DATABASE))
        .await
        .unwrap();
    step(&new, &service, id, Azione::Sospensione).await;
    becomes(&service, ServingStatus::NotServing).await;
    for _ in 0..2 {
        all_are_refused(&mut client).await;
        assert_eq!(health(&service).await, ServingStatus::NotServing);
    }
    // A service that starts now refuses it by name.
    let error = check_schema(&service.db.connections).await.unwrap_err();
    assert!(error.to_string().contains("is a standby"), "{error}");
    let error = service.db.connections.audit().await.unwrap_err();
    assert!(error.to_string().contains("is a standby"), "{error}");

    // The address leads to the new primary at last.
    address.lead_to(&pair.standby.socket);
    becomes(&service, ServingStatus::Serving).await;
    let status = call_rpc(&mut client, CALLS[0], "").await.unwrap_err();
    assert_error(&status, Code::PermissionDenied, ErrorReason::GrantSuspended);
    step(&new, &service, id, Azione::Riattivazione).await;
    for rpc in CALLS {
        call_rpc(&mut client, rpc, "").await.unwrap();
    }
    service.stop().await;
}

/// Whether the server of this one database says that it is in recovery, without any connection to it breaking. (Not `strict`: the
/// function of a number that the server knows is only looked at where it can be put in place of its call.)
async fn recovery(db: &TestDatabase, on: bool) {
    let function = if on {
        "create or replace function pg_catalog.pg_is_in_recovery() returns boolean language sql volatile as 'select true'"
    } else {
        "create or replace function pg_catalog.pg_is_in_recovery() returns boolean language internal volatile strict \
         as 'pg_is_in_recovery'"
    };
    sqlx::raw_sql(function).execute(&db.owner).await.unwrap();
}

/// The server processes of what asks about grants, about the latest rilevazione, and for the calls.
async fn processes(db: &TestDatabase) -> BTreeSet<i32> {
    let pids: Vec<i32> = sqlx::query_scalar(
        "select pid from pg_stat_activity
         where datname = current_database() and application_name in ('omnia', 'omnia-grants', 'omnia-data')",
    )
    .fetch_all(&db.owner)
    .await
    .unwrap();
    pids.into_iter().collect()
}

#[tokio::test]
async fn connections_that_stay_open_are_dropped_when_their_server_becomes_a_standby() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    for rpc in CALLS {
        call_rpc(&mut client, rpc, "").await.unwrap();
    }
    becomes(&service, ServingStatus::Serving).await;
    let before = processes(&service.db).await;
    assert!(before.len() >= 3, "{before:?}");

    recovery(&service.db, true).await;
    becomes(&service, ServingStatus::NotServing).await;
    all_are_refused(&mut client).await;

    recovery(&service.db, false).await;
    becomes(&service, ServingStatus::Serving).await;
    for rpc in CALLS {
        call_rpc(&mut client, rpc, "").await.unwrap();
    }
    // Those of the calls go as they are taken up again.
    eventually("the connections of before are gone", async || {
        processes(&service.db).await.is_disjoint(&before)
    })
    .await;
    service.stop().await;
}

/// Each kind of pool, opened on a standby, gives no connection.
#[tokio::test]
async fn no_pool_opens_a_connection_to_a_standby() {
    let db = crate::test_bench::database().await;
    recovery(&db, true).await;
    let side = [
        SideConnections::Abilitazioni,
        SideConnections::Rilevazioni,
        SideConnections::Quote,
        SideConnections::Proofs,
    ];
    let mut pools: Vec<PgPool> = side.iter().map(|a| db.connections.beside(*a)).collect();
    pools.push(db.connections.pool().clone());
    let all = pools.iter().map(|pool| pool.acquire());
    for outcome in futures_util::future::join_all(all).await {
        assert!(
            matches!(outcome, Err(sqlx::Error::PoolTimedOut)),
            "{outcome:?}"
        );
    }
    recovery(&db, false).await;
    for pool in pools {
        pool.acquire().await.unwrap();
    }
}
