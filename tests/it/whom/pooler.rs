//! A pooler between: what it does to a session is found out at the start, and where it keeps the session all works.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use omnia::postgres::{DatabaseConnections, SchemaName, check_schema, migrate};
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use tonic_health::pb::health_check_response::ServingStatus;

use super::{becomes, pgbouncer::PgBouncer};
use crate::{
    calls::{self, call_rpc},
    server::TestServer,
    test_bench::{self, TestDatabase},
};

/// Sends nothing at its start that pgbouncer does not know.
async fn connect(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().unwrap();
    PgConnection::connect_with(&options.extra_float_digits(None))
        .await
        .unwrap()
}

/// A client of somebody else's, who goes on asking through the same pool.
async fn busy(url: String, stop: Arc<AtomicBool>) {
    let mut connection = connect(&url).await;
    while !stop.load(Ordering::Relaxed) {
        sqlx::raw_sql("select pg_sleep(0.001)")
            .execute(&mut connection)
            .await
            .unwrap();
    }
}

fn through(pgbouncer: &PgBouncer, db: &TestDatabase) -> (DatabaseConnections, DatabaseConnections) {
    let options = |url: &str| pgbouncer.url(url).parse().unwrap();
    (
        DatabaseConnections::owner(options(&db.owner_url), SchemaName::default()),
        test_bench::serving(options(&db.serving_url), 3),
    )
}

/// With the defaults of pgbouncer beyond the mode: nothing needs to be ignored.
#[tokio::test]
async fn in_session_mode_all_is_in_force_and_all_works() {
    let mut db = test_bench::database().await;
    let pgbouncer = PgBouncer::before(&db, "pool_mode = session");
    let (owner, serving) = through(&pgbouncer, &db);
    assert!(migrate(&owner).await.unwrap().is_empty());
    check_schema(&serving).await.unwrap();
    for (name, value) in [
        ("search_path", "\"public\", pg_temp"),
        ("default_transaction_read_only", "on"),
        ("plan_cache_mode", "force_custom_plan"),
        ("statement_timeout", "30s"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("TimeZone", "UTC"),
    ] {
        let found: String = sqlx::query_scalar("select current_setting($1)")
            .bind(name)
            .fetch_one(serving.pool())
            .await
            .unwrap();
        assert_eq!(found, value, "{name}");
    }
    // The next who is lent this server has none of that.
    serving.pool().close().await;
    let mut next = connect(&pgbouncer.url(&db.serving_url)).await;
    let found: String = sqlx::query_scalar("show statement_timeout")
        .fetch_one(&mut next)
        .await
        .unwrap();
    assert_eq!(found, "0");
    next.close().await.unwrap();

    db.serving_url = pgbouncer.url(&db.serving_url);
    let service = TestServer::start_on(db, |_| ()).await;
    service.load(&calls::extract(), "2026-10-31").await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    for rpc in calls::RPC {
        call_rpc(&mut client, rpc, "").await.unwrap();
    }
    becomes(&service, ServingStatus::Serving).await;
    service.stop().await;
}

/// In every way of choosing the server that it lends, and with other borrowers.
#[tokio::test]
async fn transaction_and_statement_mode_are_refused_by_a_sentence() {
    let db = test_bench::database().await;
    for settings in [
        "pool_mode = transaction",
        "pool_mode = transaction\nserver_round_robin = 1",
        "pool_mode = transaction\nserver_reset_query_always = 1",
        "pool_mode = statement",
        "pool_mode = transaction\ndefault_pool_size = 1",
    ] {
        let pgbouncer = PgBouncer::before(&db, settings);
        let (owner, serving) = through(&pgbouncer, &db);
        let stop = Arc::new(AtomicBool::new(false));
        let others: Vec<_> = (0..3)
            .map(|_| tokio::spawn(busy(pgbouncer.url(&db.serving_url), Arc::clone(&stop))))
            .collect();
        for _ in 0..5 {
            for refused in [
                migrate(&owner).await.map(drop),
                check_schema(&serving).await,
            ] {
                let error = refused.unwrap_err().to_string();
                assert!(error.contains("pool_mode = session"), "{settings}: {error}");
            }
        }
        stop.store(true, Ordering::Relaxed);
        for other in others {
            other.await.unwrap();
        }
    }
}

#[tokio::test]
async fn the_service_does_not_start_where_its_settings_do_not_last() {
    let db = test_bench::database().await;
    let pgbouncer = PgBouncer::before(&db, "pool_mode = transaction");
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("audit.key");
    std::fs::write(&key, "07".repeat(32)).unwrap();
    omnia::demo::demo_key::create_or_load(dir.path()).unwrap();
    let jwks = omnia::demo::demo_key::jwks_path(dir.path());
    let output = Command::new(env!("CARGO_BIN_EXE_omnia"))
        .arg("serve")
        .env("DATABASE_URL", pgbouncer.url(&db.serving_url))
        .env("OMNIA_SERVER__LISTEN", "127.0.0.1:0")
        .env("OMNIA_ACCESS__JWKS", jwks)
        .env("OMNIA_AUDIT__KEY_FILE", &key)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("use pool_mode = session"), "{said}");
}

/// A pool that is too small for two connections would let everything wait.
#[tokio::test]
async fn a_pool_of_one_is_a_sentence() {
    let db = test_bench::database().await;
    let pgbouncer = PgBouncer::before(&db, "pool_mode = session\ndefault_pool_size = 1");
    let (_, serving) = through(&pgbouncer, &db);
    let error = check_schema(&serving).await.unwrap_err().to_string();
    assert!(error.contains("pool_size"), "{error}");
}
