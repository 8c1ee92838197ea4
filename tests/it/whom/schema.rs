//! Every connection works on one schema, whatever the role or the database has for a search path.

use std::process::{Command, Output};

use omnia::{
    abilitazione::grants,
    clock::Clock,
    config,
    postgres::{
        DatabaseConnections, SERVING_ROLE, SchemaName, SideConnections, check_schema, migrate,
    },
};
use sqlx::{AssertSqlSafe, PgPool};

use crate::{
    abilitazione::{OPERATORI, new_request},
    calls, server, shipped_policy,
    test_bench::{self, TestDatabase},
};

async fn run(pool: &PgPool, statement: impl Into<String>) {
    sqlx::raw_sql(AssertSqlSafe(statement.into()))
        .execute(pool)
        .await
        .unwrap();
}

/// As `omnia migrate` connects.
fn owner(db: &TestDatabase, schema: &str) -> DatabaseConnections {
    let schema = SchemaName::parse(schema.to_owned()).unwrap();
    DatabaseConnections::owner(db.owner_url.parse().unwrap(), schema)
}

fn serving(db: &TestDatabase, schema: &str) -> DatabaseConnections {
    let schema = SchemaName::parse(schema.to_owned()).unwrap();
    DatabaseConnections::serving(db.serving_url.parse().unwrap(), schema, 3)
}

/// The schemas that have a table of this name.
async fn schemas_of(pool: &PgPool, table: &str) -> Vec<String> {
    sqlx::query_scalar("select relnamespace::regnamespace::text from pg_class where relname = $1")
        .bind(table)
        .fetch_all(pool)
        .await
        .unwrap()
}

fn program(db: &TestDatabase, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_omnia"))
        .args(arguments)
        .env("DATABASE_URL", &db.owner_url)
        .output()
        .unwrap()
}

/// Tables without data, as in a new database.
async fn emptied() -> TestDatabase {
    let db = test_bench::database().await;
    run(
        &db.owner,
        "drop schema public cascade; create schema public",
    )
    .await;
    db
}

#[tokio::test]
async fn a_schema_with_the_owners_name_and_a_path_of_the_roles_change_nothing() {
    let db = emptied().await;
    let ran = program(&db, &["migrate"]);
    let said = String::from_utf8(ran.stdout).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    let last = format!(
        "{} migrations run in the schema public; it is current",
        lines.len() - 1
    );
    assert_eq!(lines.last(), Some(&last.as_str()), "{said}");
    assert_eq!(lines[0], "20261123090000 catalogo");

    // The path of a role begins with the schema that has its name; and both may have paths of their own.
    for statement in [
        "create schema omnia authorization omnia",
        "create schema dati",
        "do $$ begin execute format('alter database %I set search_path = dati, public', current_database()); end $$",
    ] {
        run(&db.owner, statement).await;
    }
    for path in ["\"$user\", public", "dati, public"] {
        let set = format!(
            "do $$ begin execute format('alter role {SERVING_ROLE} in database %I set search_path = {path}', \
             current_database()); execute format('alter role omnia in database %I set search_path = {path}', \
             current_database()); end $$"
        );
        run(&db.owner, set).await;
        let ran = program(&db, &["migrate"]);
        assert_eq!(
            String::from_utf8(ran.stdout).unwrap(),
            "0 migrations run in the schema public; it is current\n"
        );
        assert_eq!(schemas_of(&db.owner, "normativa").await, ["public"]);
        // Whatever connects.
        let (owner, serving) = (owner(&db, "public"), serving(&db, "public"));
        for pool in [
            owner.pool().clone(),
            serving.pool().clone(),
            serving.beside(SideConnections::Abilitazioni),
            serving.beside(SideConnections::Rilevazioni),
            serving.beside(SideConnections::Quote),
            serving.beside(SideConnections::Proofs),
        ] {
            assert_path(&mut pool.acquire().await.unwrap()).await;
        }
        assert_path(&mut serving.audit().await.unwrap()).await;
    }
    assert!(program(&db, &["grant", "list"]).status.success());
}

async fn assert_path(connection: &mut sqlx::PgConnection) {
    let path: String = sqlx::query_scalar("show search_path")
        .fetch_one(connection)
        .await
        .unwrap();
    assert_eq!(path, "\"public\", pg_temp");
}

/// Tables, functions that name the schema, loads, grants, the audit log: all of it is there, and nothing elsewhere.
#[tokio::test]
async fn another_schema_has_everything() {
    let db = emptied().await;
    run(&db.owner, "create schema dati").await;
    run(&db.owner, "drop schema public").await;
    let there = owner(&db, "dati");
    let ran = migrate(&there).await.unwrap();
    assert!(ran.len() > 20, "{ran:?}");
    assert!(migrate(&there).await.unwrap().is_empty());
    let serving = serving(&db, "dati");
    check_schema(&serving).await.unwrap();

    let clock = Clock::from_fn(|| server::TODAY.parse().unwrap());
    let n = server::load_into(there.pool(), &clock, &calls::extract(), "2026-10-31").await;
    let rows: i64 = sqlx::query_scalar(
        "select count(*) from dettaglio_decreto where $1 between dal_rilevazione and al_rilevazione",
    )
    .bind(n)
    .fetch_one(serving.pool())
    .await
    .unwrap();
    assert!(rows > 0);
    let table = shipped_policy::table().await;
    let richiesta = new_request("be", "mef-rgs", "2026-01-01", "2026-12-31");
    grants::record_and_approve(there.pool(), &clock, &table, &richiesta, OPERATORI, "prova")
        .await
        .unwrap();
    assert_eq!(grants::list(serving.pool()).await.unwrap().len(), 1);
    // A function that works as its owner, and names the schema.
    let proofs = serving.beside(SideConnections::Proofs);
    let pruned: i64 = sqlx::query_scalar("select prova_usata_pota()")
        .fetch_one(&proofs)
        .await
        .unwrap();
    assert_eq!(pruned, 0);
    let key = omnia::crypto::key::AuditKey::new(&server::AUDIT_KEY);
    let audit = omnia::app::audit(&serving, key, clock).await.unwrap();
    audit.close().await;
    let chains: i64 = sqlx::query_scalar("select count(*) from audit_registro")
        .fetch_one(there.pool())
        .await
        .unwrap();
    assert_eq!(chains, 2);
}

#[tokio::test]
async fn the_same_tables_in_two_schemas_are_refused() {
    let db = test_bench::database().await;
    run(&db.owner, "create schema dati").await;
    // Where the setting names another schema than the one that has the tables, a second set would be made.
    let error = migrate(&owner(&db, "dati")).await.unwrap_err().to_string();
    assert!(
        error.contains("in the schema \"public\" too") && error.contains("says \"dati\""),
        "{error}"
    );
    assert_eq!(schemas_of(&db.owner, "normativa").await, ["public"]);
    let error = check_schema(&serving(&db, "dati")).await.unwrap_err();
    assert!(error.to_string().contains("\"dati\""), "{error}");
    // And where there is a second set already, it is unclear what went where.
    for table in [
        "_sqlx_migrations",
        "abilitazione",
        "dettaglio_decreto",
        "rilevazione",
    ] {
        run(&db.owner, format!("create table dati.{table} ()")).await;
    }
    let error = check_schema(&serving(&db, "public")).await.unwrap_err();
    assert!(
        error.to_string().contains("in the schema \"dati\" too"),
        "{error}"
    );
    let ran = program(&db, &["migrate"]);
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(
        !ran.status.success() && said.contains("drop schema dati cascade"),
        "{said}"
    );
    run(&db.owner, "drop schema dati cascade").await;
    check_schema(&serving(&db, "public")).await.unwrap();
}

#[tokio::test]
async fn a_schema_that_is_not_there_or_closed_is_a_sentence() {
    let db = emptied().await;
    let error = migrate(&owner(&db, "dati")).await.unwrap_err().to_string();
    assert!(error.contains("create schema dati"), "{error}");
    run(&db.owner, "create schema dati").await;
    migrate(&owner(&db, "dati")).await.unwrap();
    let revoke = format!("revoke usage on schema dati from {SERVING_ROLE}");
    run(&db.owner, revoke).await;
    let error = check_schema(&serving(&db, "dati")).await.unwrap_err();
    assert!(error.to_string().contains("grant usage"), "{error}");
}

/// Temporary tables come first in a path that does not name them.
#[tokio::test]
async fn a_temporary_table_does_not_stand_before_a_real_one() {
    let db = test_bench::database().await;
    let owner = owner(&db, "public");
    let mut connection = owner.pool().acquire().await.unwrap();
    sqlx::raw_sql("create temporary table rilevazione (n int)")
        .execute(&mut *connection)
        .await
        .unwrap();
    let found: String = sqlx::query_scalar(
        "select relnamespace::regnamespace::text from pg_class where oid = 'rilevazione'::regclass",
    )
    .fetch_one(&mut *connection)
    .await
    .unwrap();
    assert_eq!(found, "public");
}

#[test]
fn the_setting_is_a_plain_name_and_not_for_the_private_cluster() {
    let read = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().map(|(n, v)| (n.into(), v.into()));
        config::Settings::from_sources(None, pairs).map_err(|e| e.to_string())
    };
    let url = ("DATABASE_URL", "postgres://x@localhost/x");
    let settings = read(&[url, ("OMNIA_DATABASE__SCHEMA", "dati")]).unwrap();
    assert_eq!(settings.database.schema.as_str(), "dati");
    assert_eq!(read(&[]).unwrap().database.schema.as_str(), "public");
    for name in ["Dati", "dati,public", "pg_catalog"] {
        let error = read(&[url, ("OMNIA_DATABASE__SCHEMA", name)]).unwrap_err();
        assert!(error.contains("cannot be the schema"), "{error}");
    }
    let error = read(&[("OMNIA_DATABASE__SCHEMA", "dati")]).unwrap_err();
    assert!(error.contains("private cluster"), "{error}");
}
