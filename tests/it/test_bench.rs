//! The test bench: one throw-away cluster for each test process, one database for each test.
//!
//! ```ignore
//! let db = test_bench::database().await;
//! sqlx::query("insert into …").execute(&db.owner).await?;
//! ```
//!
//! The cluster is made when the first test asks, and migrated once into a template; a test's database is a copy of it
//! and is dropped after its handle. No process and no file outlive the test process ([`crate::throw_away`]).

use std::{
    process::ChildStdin,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
};

use omnia::postgres::{
    Cluster, ClusterOptions, DATABASE, DatabaseConnections, Durability, SERVING_ROLE, SchemaName,
    migrate,
};
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::throw_away::throw_away_dir;

const OWNER: &str = "omnia";
/// Tests by the number of cores, each with a few pools.
const CONNECTIONS: u32 = 500;

/// A test's own migrated database.
pub(crate) struct TestDatabase {
    /// Its owner's connections.
    pub owner: PgPool,
    /// The serving role's connections, set up as the service's are.
    pub serving: PgPool,
    /// All connections of the serving role.
    pub connections: DatabaseConnections,
    /// For a program that is to open it as its owner.
    pub owner_url: String,
    /// For a program that is to open it as the serving role.
    pub serving_url: String,
    name: String,
}

struct TestBench {
    cluster: Cluster,
    /// How a database is copied: by its files, which takes half of the work, where the server can be told so.
    strategy: &'static str,
    /// The names of databases whose tests have ended.
    dropped: mpsc::Sender<String>,
    // Held, never written to: its closing is the signal.
    _watchdog: ChildStdin,
}

/// A new database for one test.
pub(crate) async fn database() -> TestDatabase {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let cluster = &bench().cluster;
    let name = format!("prova_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let strategy = bench().strategy;
    administer(format!(
        "create database {name} template {DATABASE}{strategy}"
    ))
    .await;
    // A copy does not have the template's privileges on the database itself.
    administer(format!("revoke temporary on database {name} from public")).await;
    let url = |role: &str| {
        let socket = cluster.socket_dir().to_str().unwrap();
        format!("postgres://{role}@localhost/{name}?host={socket}&sslmode=disable")
    };
    let owner = cluster.connect_options(&name, OWNER);
    let connections = serving(cluster.connect_options(&name, SERVING_ROLE), 10);
    TestDatabase {
        owner: PgPoolOptions::new()
            .max_connections(5)
            .connect_lazy_with(owner),
        serving: connections.pool().clone(),
        connections,
        owner_url: url(OWNER),
        serving_url: url(SERVING_ROLE),
        name,
    }
}

/// The connections of a service, with so many for the calls.
pub(crate) fn serving(options: PgConnectOptions, max_connections: u32) -> DatabaseConnections {
    DatabaseConnections::serving(options, SchemaName::default(), max_connections)
}

impl TestDatabase {
    /// Another server's, which its owner throws away.
    pub(crate) fn elsewhere(owner_url: String, serving_url: String) -> Self {
        let connections = serving(serving_url.parse().unwrap(), 10);
        Self {
            owner: PgPoolOptions::new().connect_lazy(&owner_url).unwrap(),
            serving: connections.pool().clone(),
            connections,
            owner_url,
            serving_url,
            name: String::new(),
        }
    }

    /// Runs what is pending of the migrations; how many that was.
    pub(crate) async fn migrate(&self) -> usize {
        let options = self.owner_url.parse().unwrap();
        let owner = DatabaseConnections::owner(options, SchemaName::default());
        migrate(&owner).await.unwrap().len()
    }

    /// Refuses new connections, or admits them again.
    pub(crate) async fn allow_connections(&self, allow: bool) {
        let name = &self.name;
        administer(format!(
            "alter database {name} with allow_connections {allow}"
        ))
        .await;
    }

    /// Ends every connection of the serving role; how many there were.
    pub(crate) async fn detach(&self) -> usize {
        sqlx::query(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and usename = $1",
        )
        .bind(SERVING_ROLE)
        .fetch_all(&self.owner)
        .await
        .unwrap()
        .len()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if self.name.is_empty() {
            return;
        }
        let name = std::mem::take(&mut self.name);
        bench().dropped.send(name).unwrap();
    }
}

/// Drops databases, for as long as tests run. No test waits for that: a drop makes a checkpoint.
fn drop_databases(options: PgConnectOptions) -> mpsc::Sender<String> {
    let (sender, names) = mpsc::channel::<String>();
    thread::spawn(move || {
        for name in names {
            // By force: the pools, and those that the test opened, may still be connected.
            let drop = format!("drop database {name} with (force)");
            runtime().block_on(execute(&options, drop));
        }
    });
    sender
}

fn bench() -> &'static TestBench {
    static BENCH: OnceLock<TestBench> = OnceLock::new();
    BENCH.get_or_init(|| {
        // Own thread, own runtime: a test's runtime ends with the test.
        thread::spawn(|| runtime().block_on(set_up()))
            .join()
            .unwrap()
    })
}

async fn set_up() -> TestBench {
    let (dir, watchdog) = throw_away_dir();
    let cluster = Cluster::start(&ClusterOptions {
        dir,
        bin_dir: None,
        max_connections: CONNECTIONS,
        durability: Durability::ThrowAway,
    })
    .await
    .unwrap();
    let template = DatabaseConnections::owner(cluster.owner_options(), SchemaName::default());
    migrate(&template).await.unwrap();
    execute(
        &cluster.connect_options("postgres", OWNER),
        format!("alter database {DATABASE} with allow_connections false is_template true"),
    )
    .await;
    let administrator = cluster.connect_options("postgres", OWNER);
    TestBench {
        strategy: strategy(&administrator).await,
        dropped: drop_databases(administrator),
        cluster,
        _watchdog: watchdog,
    }
}

async fn strategy(administrator: &PgConnectOptions) -> &'static str {
    let mut connection = PgConnection::connect_with(administrator).await.unwrap();
    let version: i32 = sqlx::query_scalar("select current_setting('server_version_num')::int")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    if version >= 150_000 {
        " strategy file_copy"
    } else {
        ""
    }
}

async fn administer(statement: String) {
    execute(
        &bench().cluster.connect_options("postgres", OWNER),
        statement,
    )
    .await;
}

async fn execute(options: &PgConnectOptions, statement: String) {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}
