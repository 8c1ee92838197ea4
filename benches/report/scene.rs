//! A private cluster with a database of each size, each with a service of its own, and a caller with a grant on all.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, ChildStdin},
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use omnia::{
    abilitazione::grants::LimitiAa07,
    clock::Clock,
    demo::sample::{SampleOptions, generate_sample},
    postgres::{Cluster, DATABASE, DatabaseConnections, SchemaName},
    rilevazione::{Finding, LoadOutcome, load_extract},
};
use sqlx::{AssertSqlSafe, PgPool};

use super::{sintesi, stage, throw_away::throw_away_dir};

const OWNER: &str = "omnia";

/// See the module.
pub struct ReportScene {
    pub sizes: Vec<Size>,
    pub token: String,
    pub postgres_version: String,
    pub dir: PathBuf,
    cluster: Cluster,
    _watchdog: ChildStdin,
}

/// One database and its service.
pub struct Size {
    pub rows: u64,
    pub loaded_in: Duration,
    pub address: String,
    pub owner: PgPool,
    child: Child,
}

impl ReportScene {
    pub async fn set_up(rows: &[u64]) -> Self {
        let (dir, watchdog) = throw_away_dir();
        let (cluster, postgres_version) = stage::cluster(&dir, 100).await;
        let token = stage::token(&stage::key(&dir), 4);
        let mut sizes = Vec::new();
        for rows in rows {
            sizes.push(Size::set_up(&cluster, &dir, *rows).await);
        }
        Self {
            sizes,
            token,
            postgres_version,
            dir,
            cluster,
            _watchdog: watchdog,
        }
    }

    pub async fn tear_down(self) {
        for mut size in self.sizes {
            stage::end(&mut size.child, Signal::SIGKILL);
            size.owner.close().await;
        }
        self.cluster.stop().await.unwrap();
    }
}

impl Size {
    async fn set_up(cluster: &Cluster, dir: &Path, rows: u64) -> Self {
        let database = format!("righe_{rows}");
        let postgres = PgPool::connect_with(cluster.connect_options("postgres", OWNER))
            .await
            .unwrap();
        let create = format!("create database {database} template {DATABASE}");
        sqlx::raw_sql(AssertSqlSafe(create))
            .execute(&postgres)
            .await
            .unwrap();
        postgres.close().await;
        let owner = DatabaseConnections::owner(
            cluster.connect_options(&database, OWNER),
            SchemaName::default(),
        );
        let owner = owner.pool().clone();
        let loaded_in = load(&owner, &dir.join("estratto"), rows).await;
        // Autovacuum would, in the middle of something.
        for statement in ["vacuum analyze", "checkpoint"] {
            sqlx::raw_sql(statement).execute(&owner).await.unwrap();
        }
        stage::grant(&owner, LimitiAa07::default()).await;
        let mut service = stage::service(cluster, dir, &database);
        service.env("OMNIA_CONFIG", sintesi::settings_file(dir));
        let (address, child) = stage::start(&mut service);
        Self {
            rows,
            loaded_in,
            address,
            owner,
            child,
        }
    }

    /// Days that have a sum, over all norms and benefits.
    pub async fn days(&self) -> i64 {
        sqlx::query_scalar("select count(*) from somma_giorno")
            .fetch_one(&self.owner)
            .await
            .unwrap()
    }
}

async fn load(owner: &PgPool, folder: &Path, rows: u64) -> Duration {
    let opzioni = SampleOptions {
        rows,
        seed: 1,
        rilevazione: 1,
    };
    let fonti = generate_sample(opzioni, folder, |_| {}).unwrap();
    let mut findings: Vec<Finding> = Vec::new();
    let begin = Instant::now();
    let derived = omnia::app::derivations(omnia::blocks::block::ROWS_PER_BLOCK);
    let esito = load_extract(owner, &fonti, &derived, &Clock::system(), &mut findings).await;
    let lasted = begin.elapsed();
    match esito {
        Ok(LoadOutcome::Loaded(riepilogo)) => assert_eq!(riepilogo.rows, rows),
        other => panic!("{other:?} {findings:?}"),
    }
    fs::remove_dir_all(folder).unwrap();
    lasted
}
