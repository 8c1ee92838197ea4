//! The private cluster: a PostgreSQL server of our own, on a Unix socket that no other user can open.
//!
//! ```text
//! start:  find programs → lock → clear what was left behind → initdb (once) → postgres → ready → database and roles
//! ends:   it is started again, as long as somebody supervises it (`supervise.rs`)
//! stop:   SIGINT, wait → SIGQUIT, wait → SIGKILL → the lock goes with the process
//! ```
//!
//! What is written is kept (fsync) unless the one who starts it says that the cluster is to be thrown away.

pub(crate) mod binaries;
pub(crate) mod emergency;
pub(crate) mod home;
pub(crate) mod identity;
pub(crate) mod initdb;
pub(crate) mod leftover;
pub(crate) mod restarts;
pub(crate) mod server;
pub(crate) mod supervise;

use std::{
    fs::File,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};

use super::options::{ClusterOptions, DATABASE, SERVING_ROLE};
use crate::{
    error::Sentence,
    postgres::cluster::{
        binaries::Binaries,
        emergency::Emergency,
        home::{Home, PORT},
        identity::Identity,
        initdb::OWNER,
        server::{ServerProcess, Start},
    },
};

/// A running private cluster. Dropping it stops the server too, but blocks while it does.
#[derive(Debug)]
pub struct Cluster {
    pub(super) server: ServerProcess,
    pub(super) home: Home,
    identity: Identity,
    binaries: Binaries,
    options: ClusterOptions,
    socket_dir: PathBuf,
    pub(super) emergency: Emergency,
    // After the server: the directory is given back when nothing runs in it.
    _lock: File,
}

impl Cluster {
    /// Starts the cluster and waits until it answers; makes it first if it is not there.
    ///
    /// # Errors
    /// A sentence: no programs, a directory in use or out of reach, a server that does not start and what it said.
    pub async fn start(options: &ClusterOptions) -> Result<Self, Sentence> {
        Self::start_within(options, Duration::ZERO).await
    }

    /// As [`Cluster::start`], where a process that is ending may still have the directory: that one is waited for.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub async fn start_within(
        options: &ClusterOptions,
        patience: Duration,
    ) -> Result<Self, Sentence> {
        let identity = Identity::find()?;
        let home = Home::prepare(&options.dir, &identity)?;
        let lock = home.lock_within(patience).await?;
        let existing = home.data_version()?;
        let binaries = binaries::find(options.bin_dir.as_deref(), existing)?;
        if existing.is_none() {
            initdb::run(&home, &identity, &binaries, options.durability).await?;
        }
        let mut cluster = Self {
            server: spawn(&home, &identity, &binaries, options).await?,
            socket_dir: home.server(),
            home,
            identity,
            binaries,
            options: options.clone(),
            emergency: Emergency::default(),
            _lock: lock,
        };
        cluster.emergency.set(Some(cluster.server.pid()));
        let administration = cluster.administration();
        let connection = cluster.server.ready(&administration).await?;
        furnish(connection)
            .await
            .map_err(|error| format!("cannot make the database {DATABASE}: {error}"))?;
        Ok(cluster)
    }

    /// How to reach a database of the cluster as a role of it.
    #[must_use]
    pub fn connect_options(&self, database: &str, role: &str) -> PgConnectOptions {
        connect_options(&self.socket_dir, database, role)
    }

    /// How to reach the service's database as its owner.
    #[must_use]
    pub fn owner_options(&self) -> PgConnectOptions {
        self.connect_options(DATABASE, OWNER)
    }

    /// How to reach the service's database as the serving role.
    #[must_use]
    pub fn serving_options(&self) -> PgConnectOptions {
        self.connect_options(DATABASE, SERVING_ROLE)
    }

    /// The directory of the socket.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// Stops the server in good order: connections are closed, what is committed is on disk.
    ///
    /// # Errors
    /// A sentence, if the server had to be forced.
    pub async fn stop(self) -> Result<(), Sentence> {
        self.stop_by(None).await
    }

    /// As [`Cluster::stop`]. `by`: when the server is to be gone, in whatever order.
    ///
    /// # Errors
    /// As [`Cluster::stop`].
    pub async fn stop_by(mut self, by: Option<Instant>) -> Result<(), Sentence> {
        let stopped = self.server.stop(by).await;
        self.emergency.set(None);
        // One that was killed leaves its backends.
        if stopped.is_err() {
            leftover::clear_orphans(&self.home.data()).await?;
        }
        stopped
    }

    /// Its server, for somebody who has no time left.
    #[must_use]
    pub fn emergency(&self) -> Emergency {
        self.emergency.clone()
    }

    /// Starts another server where the last one has ended. It is not waited for.
    pub(super) async fn spawn(&mut self) -> Result<(), Sentence> {
        self.server = spawn(&self.home, &self.identity, &self.binaries, &self.options).await?;
        self.emergency.set(Some(self.server.pid()));
        Ok(())
    }

    /// How to reach the server itself as its owner.
    pub(super) fn administration(&self) -> PgConnectOptions {
        self.connect_options("postgres", OWNER)
    }
}

async fn spawn(
    home: &Home,
    identity: &Identity,
    binaries: &Binaries,
    options: &ClusterOptions,
) -> Result<ServerProcess, Sentence> {
    let start = Start {
        max_connections: options.max_connections,
        durability: options.durability,
        stranger: leftover::clear(&home.data()).await?,
    };
    ServerProcess::spawn(home, identity, binaries, &start)
}

/// The socket's directory, where another process of ours runs the cluster of `dir` at this moment.
pub(super) fn running_elsewhere(dir: &Path) -> Result<Option<PathBuf>, Sentence> {
    if !dir.exists() {
        return Ok(None);
    }
    let home = Home::prepare(dir, &Identity::find()?)?;
    Ok(home.is_locked()?.then(|| home.server()))
}

pub(super) fn connect_options(socket_dir: &Path, database: &str, role: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket_dir)
        .port(PORT)
        .username(role)
        .database(database)
        // The environment's PGSSLMODE is not about this server.
        .ssl_mode(PgSslMode::Disable)
}

/// The database and the role that serves it. Each start: the one that made the files may have been interrupted here.
async fn furnish(mut connection: PgConnection) -> Result<(), sqlx::Error> {
    let exists = "select exists (select from pg_database where datname = $1)";
    if !sqlx::query_scalar::<_, bool>(exists)
        .bind(DATABASE)
        .fetch_one(&mut connection)
        .await?
    {
        // Names of ours, constant.
        let create = format!("create database {DATABASE}");
        sqlx::raw_sql(AssertSqlSafe(create))
            .execute(&mut connection)
            .await?;
    }
    let exists = "select exists (select from pg_roles where rolname = $1)";
    let verb = if sqlx::query_scalar::<_, bool>(exists)
        .bind(SERVING_ROLE)
        .fetch_one(&mut connection)
        .await?
    {
        "alter"
    } else {
        "create"
    };
    // Without a password: who gets as far as the socket may serve.
    let role = format!("{verb} role {SERVING_ROLE} login");
    sqlx::raw_sql(AssertSqlSafe(role))
        .execute(&mut connection)
        .await?;
    connection.close().await
}
