//! Chooses between a server that the operator names and the private cluster.

use std::{
    future::pending,
    path::PathBuf,
    time::{Duration, Instant},
};

use sqlx::{PgPool, postgres::PgConnectOptions};
use tokio::sync::Mutex;

use super::{
    cluster::{self, Cluster, emergency::Emergency, home, initdb},
    options::{ClusterOptions, DATABASE, Durability, SERVING_ROLE},
    pool::{self, DatabaseConnections},
    settings::DatabaseSettings,
};
use crate::error::Sentence;

/// Instances that the private cluster has connections for: the one that runs it, and one more that is given its URL.
const INSTANCES: u32 = 2;
/// Operators' commands that it has connections for, at the same time.
const COMMANDS: u32 = 2;
/// Connections of the private cluster beyond those: an operator's psql, the server's own reserve.
const SPARE_CONNECTIONS: u32 = 12;
/// How long a start waits for a process that ends and has the data directory still.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);
/// How long connections still in use may hold up a stop.
const POOL_PATIENCE: Duration = Duration::from_secs(5);
/// The same where the time for the whole stop is set.
const POOL_HASTE: Duration = Duration::from_secs(1);

/// The database, open.
#[derive(Debug)]
pub struct Postgres {
    owner: DatabaseConnections,
    serving: DatabaseConnections,
    cluster: Option<Mutex<Cluster>>,
}

/// Opens the database that the settings name; starts the private cluster if they name none.
///
/// A named server is not yet connected to: that happens with the first query.
///
/// # Errors
/// A sentence: a bad URL, or a private cluster that does not start and why.
pub async fn open(settings: &DatabaseSettings) -> Result<Postgres, Sentence> {
    let Some(url) = &settings.url else {
        return open_private(settings).await;
    };
    let serving = pool::parse("database.url", url)?;
    let owner = match &settings.owner_url {
        Some(url) => pool::parse("database.owner_url", url)?,
        None => serving.clone(),
    };
    Ok(Postgres {
        owner: DatabaseConnections::owner(owner, settings.schema.clone()),
        serving: serving_on(serving, settings),
        cluster: None,
    })
}

/// As [`open`], for an operator's command: where the service is running on the private cluster at this moment, the
/// command works on it beside the service, and leaves it running.
///
/// # Errors
/// As [`open`].
pub async fn join(settings: &DatabaseSettings) -> Result<Postgres, Sentence> {
    if settings.url.is_none()
        && let Some(socket) = cluster::running_elsewhere(&data_dir(settings)?)?
    {
        let options = |role| cluster::connect_options(&socket, DATABASE, role);
        return Ok(Postgres {
            owner: DatabaseConnections::owner(options(initdb::OWNER), settings.schema.clone()),
            serving: serving_on(options(SERVING_ROLE), settings),
            cluster: None,
        });
    }
    open(settings).await
}

/// The directory of the private cluster, where the demo keeps its key too: the one set, or the default.
///
/// # Errors
/// None is set, and the environment does not say where a user's files are.
pub fn data_dir(settings: &DatabaseSettings) -> Result<PathBuf, Sentence> {
    settings
        .data_dir
        .clone()
        .map_or_else(home::our_default_dir, Ok)
}

fn serving_on(options: PgConnectOptions, settings: &DatabaseSettings) -> DatabaseConnections {
    DatabaseConnections::serving(options, settings.schema.clone(), settings.max_connections)
}

async fn open_private(settings: &DatabaseSettings) -> Result<Postgres, Sentence> {
    let instance = settings.max_connections + pool::BESIDE;
    let options = ClusterOptions {
        dir: data_dir(settings)?,
        bin_dir: settings.bin_dir.clone(),
        max_connections: INSTANCES * instance
            + COMMANDS * pool::OWNER_CONNECTIONS
            + SPARE_CONNECTIONS,
        durability: Durability::Full,
    };
    let cluster = Cluster::start_within(&options, LOCK_PATIENCE).await?;
    Ok(Postgres {
        owner: DatabaseConnections::owner(cluster.owner_options(), settings.schema.clone()),
        serving: serving_on(cluster.serving_options(), settings),
        cluster: Some(Mutex::new(cluster)),
    })
}

impl Postgres {
    /// All connections as the owner.
    #[must_use]
    pub fn owner(&self) -> &DatabaseConnections {
        &self.owner
    }

    /// All connections as the role that serves.
    #[must_use]
    pub fn serving(&self) -> &DatabaseConnections {
        &self.serving
    }

    /// The pool of the owner.
    #[must_use]
    pub fn owner_pool(&self) -> PgPool {
        self.owner.pool().clone()
    }

    /// The pool of the calls, which may only read.
    #[must_use]
    pub fn serving_pool(&self) -> PgPool {
        self.serving.pool().clone()
    }

    /// Whether the server is our private cluster, whose schema we may change without being asked.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.cluster.is_some()
    }

    /// Starts the private cluster's server again whenever it has ended, for as long as this runs. Returns only if it gives up, and why.
    pub async fn supervise(&self) -> Sentence {
        match &self.cluster {
            Some(cluster) => cluster.lock().await.supervise().await,
            None => pending().await,
        }
    }

    /// The private cluster's server, for somebody who has no time left.
    pub async fn emergency(&self) -> Emergency {
        match &self.cluster {
            Some(cluster) => cluster.lock().await.emergency(),
            None => Emergency::default(),
        }
    }

    /// Closes the connections and stops the private cluster, if it is one.
    ///
    /// # Errors
    /// A sentence, if the cluster had to be forced.
    pub async fn stop(self) -> Result<(), Sentence> {
        self.stop_by(None).await
    }

    /// As [`Postgres::stop`]. `by`: when the cluster is to be gone, in whatever order.
    ///
    /// # Errors
    /// As [`Postgres::stop`].
    pub async fn stop_by(self, by: Option<Instant>) -> Result<(), Sentence> {
        let closed = async { tokio::join!(self.owner.pool().close(), self.serving.pool().close()) };
        let patience = by.map_or(POOL_PATIENCE, |_| POOL_HASTE);
        if tokio::time::timeout(patience, closed).await.is_err() {
            tracing::warn!("some connections to the database are still in use: they are cut");
        }
        match self.cluster {
            Some(cluster) => cluster.into_inner().stop_by(by).await,
            None => Ok(()),
        }
    }
}
