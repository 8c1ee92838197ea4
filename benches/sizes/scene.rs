//! What the scenarios share: a private cluster as the service runs it, and one database that the extract was loaded into.
//!
//! Everything is in one directory that goes when the process ends, however it ends.

use std::{path::PathBuf, process::ChildStdin};

use omnia::{
    clock::Clock,
    demo::demo_key::DemoKey,
    postgres::{Cluster, DATABASE, DatabaseConnections, SchemaName},
    rilevazione::{Finding, LoadOutcome, load_extract},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, postgres::PgConnectOptions};

use super::{
    extract::{BenchExtract, rows},
    stage,
    throw_away::throw_away_dir,
    totals::{self, ExportTotals},
};

const OWNER: &str = "omnia";
/// The database that exports are made from.
pub const LOADED: &str = "loaded";

/// See the module.
pub struct SizesScene {
    pub dir: PathBuf,
    pub cluster: Cluster,
    pub extract: BenchExtract,
    pub key: DemoKey,
    pub postgres_version: String,
    // Held, never written to: its closing is the signal to remove everything.
    _watchdog: ChildStdin,
}

impl SizesScene {
    pub async fn set_up() -> Self {
        let (dir, watchdog) = throw_away_dir();
        let extract = BenchExtract::write(&dir.join("estratto"));
        assert_eq!(u64::try_from(extract.all().rows), Ok(rows()));
        // The service's own database stays empty: the others are copies of it.
        let (cluster, postgres_version) = stage::cluster(&dir, 50).await;
        let scene = Self {
            key: stage::key(&dir),
            dir,
            cluster,
            extract,
            postgres_version,
            _watchdog: watchdog,
        };
        scene.create_database(LOADED).await;
        scene.load(LOADED).await;
        assert_eq!(scene.totals(LOADED).await, scene.extract.all());
        // Autovacuum would, in the middle of something.
        scene.execute(LOADED, "vacuum analyze").await;
        scene.checkpoint().await;
        scene
    }

    pub async fn tear_down(self) {
        self.cluster.stop().await.unwrap();
    }

    pub fn owner(&self, database: &str) -> PgConnectOptions {
        self.cluster.connect_options(database, OWNER)
    }

    /// An empty database with the service's schema.
    pub async fn create_database(&self, name: &str) {
        self.execute(
            "postgres",
            &format!("create database {name} template {DATABASE}"),
        )
        .await;
    }

    pub async fn drop_database(&self, name: &str) {
        self.execute("postgres", &format!("drop database {name} with (force)"))
            .await;
    }

    /// Loads the extract as `omnia load` does.
    pub async fn load(&self, database: &str) {
        let pool = DatabaseConnections::owner(self.owner(database), SchemaName::default());
        let pool = pool.pool().clone();
        let mut findings: Vec<Finding> = Vec::new();
        let esito = load_extract(
            &pool,
            &self.extract.sources,
            &omnia::app::derivations(omnia::blocks::block::ROWS_PER_BLOCK),
            &Clock::system(),
            &mut findings,
        )
        .await;
        match esito {
            Ok(LoadOutcome::Loaded(riepilogo)) => assert_eq!(riepilogo.rows, rows()),
            other => panic!("{other:?} {findings:?}"),
        }
        pool.close().await;
    }

    /// The control totals of a database.
    pub async fn totals(&self, database: &str) -> ExportTotals {
        let mut connection = self.connect(database).await;
        let sql = AssertSqlSafe(format!("select {} from dettaglio_decreto", totals::SQL));
        let row: (i64, _, _, _) = sqlx::query_as(sql)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        row.into()
    }

    /// Drops the indexes of the detail; the statements that make them again.
    pub async fn take_indexes(&self, database: &str) -> Vec<String> {
        let mut connection = self.connect(database).await;
        let indexes: Vec<(String, String)> = sqlx::query_as(
            "select indexname::text, indexdef from pg_indexes where tablename = 'dettaglio_decreto'",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap();
        connection.close().await.unwrap();
        assert!(!indexes.is_empty());
        for (name, _) in &indexes {
            self.execute(database, &format!("drop index {name}")).await;
        }
        indexes
            .into_iter()
            .map(|(_, definition)| definition)
            .collect()
    }

    /// The totals of the rows of a norm that a condition keeps.
    pub async fn totals_where(&self, norm: &str, condition: &str) -> ExportTotals {
        let mut connection = self.connect(LOADED).await;
        let sql = AssertSqlSafe(format!(
            "select {} from dettaglio_decreto where normativa = $1 and {condition}",
            totals::SQL
        ));
        let row: (i64, _, _, _) = sqlx::query_as(sql)
            .bind(norm)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        row.into()
    }

    /// The day from which on that share of a norm's rows, in percent, has its last day.
    pub async fn last_share(&self, norm: &str, share: i32) -> String {
        let mut connection = self.connect(LOADED).await;
        let day = sqlx::query_scalar(
            "select (percentile_disc(1 - $2::float8 / 100) within group (order by validita_al))::text
             from dettaglio_decreto where normativa = $1",
        )
        .bind(norm)
        .bind(share)
        .fetch_one(&mut connection)
        .await
        .unwrap();
        connection.close().await.unwrap();
        day
    }

    /// Writes what is dirty, so that nobody pays for what ran before.
    pub async fn checkpoint(&self) {
        self.execute("postgres", "checkpoint").await;
    }

    pub async fn execute(&self, database: &str, statement: &str) {
        let mut connection = self.connect(database).await;
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    }

    async fn connect(&self, database: &str) -> PgConnection {
        PgConnection::connect_with(&self.owner(database))
            .await
            .unwrap()
    }
}
