//! What the two pools may do, on a server of ours or a named one.

use omnia::postgres::{
    DatabaseConnections, DatabaseSettings, Postgres, SchemaName, check_schema, migrate, open,
};
use secrecy::SecretString;
use sqlx::{Connection as _, PgConnection, PgPool};

use crate::{cluster::ClusterPlace, eventually::eventually, test_bench};

async fn whoami(postgres: &Postgres) -> (String, String) {
    let who = |pool| async move {
        sqlx::query_scalar("select current_user::text")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    (
        who(postgres.owner_pool()).await,
        who(postgres.serving_pool()).await,
    )
}

#[tokio::test]
async fn the_private_cluster_is_migrated_and_served() {
    let place = ClusterPlace::new();
    let settings = DatabaseSettings {
        data_dir: Some(place.dir.clone()),
        ..DatabaseSettings::default()
    };
    let postgres = open(&settings).await.unwrap();
    assert!(postgres.is_private());
    let error = check_schema(postgres.owner()).await.unwrap_err();
    assert!(error.to_string().contains("omnia migrate"), "{error}");
    let ran = migrate(postgres.owner()).await.unwrap();
    assert!(ran.len() >= 6, "{ran:?}");
    assert_eq!(ran[0], "20261123090000 catalogo");
    assert!(migrate(postgres.owner()).await.unwrap().is_empty());
    check_schema(postgres.serving()).await.unwrap();
    let temporary = "select has_database_privilege(current_user, current_database(), 'TEMPORARY')";
    for (pool, may) in [
        (postgres.owner_pool(), true),
        (postgres.serving_pool(), false),
    ] {
        let said: bool = sqlx::query_scalar(temporary)
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(said, may);
    }
    let fsync: String = sqlx::query_scalar("show fsync")
        .fetch_one(&postgres.owner_pool())
        .await
        .unwrap();
    assert_eq!(fsync, "on");
    let roles = whoami(&postgres).await;
    assert_eq!(roles, ("omnia".to_owned(), "omnia_servizio".to_owned()));
    // A connection that is still in use holds up the stop, but not for ever.
    let _held = postgres.serving_pool().acquire().await.unwrap();
    postgres.stop().await.unwrap();
    assert!(place.postmaster().is_none());
}

#[tokio::test]
async fn a_named_server_is_used_as_it_is() {
    let db = test_bench::database().await;
    let postgres = open(&DatabaseSettings {
        url: Some(SecretString::from(db.serving_url.clone())),
        owner_url: Some(SecretString::from(db.owner_url.clone())),
        ..DatabaseSettings::default()
    })
    .await
    .unwrap();
    assert!(!postgres.is_private());
    let roles = whoami(&postgres).await;
    assert_eq!(roles, ("omnia".to_owned(), "omnia_servizio".to_owned()));
    postgres.stop().await.unwrap();
    // Without an owner's URL it is the same role.
    let postgres = open(&DatabaseSettings {
        url: Some(SecretString::from(db.owner_url.clone())),
        ..DatabaseSettings::default()
    })
    .await
    .unwrap();
    assert_eq!(whoami(&postgres).await.1, "omnia");
    // A role that could write does not, in a serving connection.
    let written = sqlx::query("delete from normativa")
        .execute(&postgres.serving_pool())
        .await;
    assert_eq!(code(written), "25006");
    postgres.stop().await.unwrap();
}

/// As where one team owns the server and another the data.
#[tokio::test]
async fn whoever_owns_the_data_need_not_own_the_database() {
    let db = test_bench::database().await;
    let run = async |pool: &PgPool, statement: &'static str| {
        sqlx::raw_sql(statement).execute(pool).await.unwrap();
    };
    run(&db.owner, "create role dati login").await;
    run(&db.owner, "create database altrui template template0").await;
    let url = |role: &str| {
        let (_, place) = db.owner_url.split_once('@').unwrap();
        let (_, socket) = place.split_once('?').unwrap();
        format!("postgres://{role}@localhost/altrui?{socket}")
    };
    let admin = PgPool::connect(&url("omnia")).await.unwrap();
    run(&admin, "grant create on schema public to dati").await;
    let data_pool = PgPool::connect(&url("dati")).await.unwrap();
    let owner = DatabaseConnections::owner(url("dati").parse().unwrap(), SchemaName::default());
    migrate(&owner).await.unwrap();
    check_schema(&owner).await.unwrap();
    let may = async |role: &str| -> bool {
        sqlx::query_scalar("select has_database_privilege($1, current_database(), 'TEMPORARY')")
            .bind(role)
            .fetch_one(&admin)
            .await
            .unwrap()
    };
    assert!(may("omnia_servizio").await);
    // What README tells the owner of the database to do; loads go on.
    run(&admin, "grant temporary on database altrui to dati").await;
    run(&admin, "revoke temporary on database altrui from public").await;
    assert!(!may("omnia_servizio").await);
    run(&data_pool, "create temporary table prova ()").await;
    data_pool.close().await;
    admin.close().await;
    run(&db.owner, "drop database altrui with (force)").await;
}

fn code<T: std::fmt::Debug>(result: Result<T, sqlx::Error>) -> String {
    let error = result.unwrap_err().into_database_error().unwrap();
    error.code().unwrap().into_owned()
}

#[tokio::test]
async fn serving_connections_are_set_up() {
    let db = test_bench::database().await;
    for (name, value) in [
        ("default_transaction_read_only", "on"),
        ("plan_cache_mode", "force_custom_plan"),
        ("statement_timeout", "30s"),
        ("timezone", "UTC"),
        ("application_name", "omnia"),
    ] {
        let set: String = sqlx::query_scalar("select current_setting($1)")
            .bind(name)
            .fetch_one(&db.serving)
            .await
            .unwrap();
        assert_eq!(set, value, "{name}");
    }
}

#[tokio::test]
async fn every_test_has_its_own_database_and_it_goes() {
    let one = test_bench::database().await;
    let two = test_bench::database().await;
    sqlx::raw_sql("create table prova ()")
        .execute(&one.owner)
        .await
        .unwrap();
    let there = "select to_regclass('prova') is not null";
    let seen: (bool, bool) = (
        sqlx::query_scalar(there)
            .fetch_one(&one.owner)
            .await
            .unwrap(),
        sqlx::query_scalar(there)
            .fetch_one(&two.owner)
            .await
            .unwrap(),
    );
    assert_eq!(seen, (true, false));
    let url = one.owner_url.clone();
    drop(one);
    // Another thread drops it.
    eventually("the database is gone", async || {
        let error = PgConnection::connect(&url).await.err();
        let error = error.and_then(sqlx::Error::into_database_error);
        error.is_some_and(|error| error.code().as_deref() == Some("3D000"))
    })
    .await;
}
