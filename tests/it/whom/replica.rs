//! Two real servers, one the standby of the other, and an address that leads to either.

use std::{
    fs,
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
};

use omnia::postgres::{
    Cluster, ClusterOptions, DATABASE, DatabaseConnections, Durability, SchemaName, migrate,
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, UnixStream},
    task::JoinHandle,
};

use crate::throw_away::throw_away_dir;

const CONNECTIONS: u32 = 60;

/// A server, primary or standby, that is not the service's child.
pub struct Node {
    /// Of its socket.
    pub socket: PathBuf,
    data: PathBuf,
    bin: PathBuf,
}

/// A primary that was migrated, and its standby.
pub struct ReplicaPair {
    primary: Option<Cluster>,
    pub standby: Node,
    /// What the primary is once it was stopped.
    pub old: Node,
    _watchdog: ChildStdin,
}

impl ReplicaPair {
    pub async fn start() -> Self {
        let (root, watchdog) = throw_away_dir();
        let home = |name: &str| root.join(name);
        let primary = Cluster::start(&ClusterOptions {
            dir: home("a"),
            bin_dir: None,
            max_connections: CONNECTIONS,
            durability: Durability::ThrowAway,
        })
        .await
        .unwrap();
        let owner = DatabaseConnections::owner(primary.owner_options(), SchemaName::default());
        migrate(&owner).await.unwrap();
        let bin: String = sqlx::query_scalar("select setting from pg_config where name = 'BINDIR'")
            .fetch_one(owner.pool())
            .await
            .unwrap();
        owner.pool().close().await;

        let node = |name: &str| Node {
            socket: home(name).join("postgres"),
            data: home(name).join("postgres/data"),
            bin: PathBuf::from(&bin),
        };
        let (old, standby) = (node("a"), node("b"));
        fs::create_dir_all(&standby.socket).unwrap();
        let owner = fs::metadata(&old.socket).unwrap();
        std::os::unix::fs::chown(&standby.socket, Some(owner.uid()), Some(owner.gid())).unwrap();
        let source = old.socket.to_str().unwrap();
        let data = standby.data.to_str().unwrap();
        standby.run(
            "pg_basebackup",
            &[
                "-h",
                source,
                "-U",
                "omnia",
                "-D",
                data,
                "-c",
                "fast",
                "--no-sync",
                "-R",
            ],
        );
        standby.start();
        Self {
            primary: Some(primary),
            standby,
            old,
            _watchdog: watchdog,
        }
    }

    /// The standby takes over, and the primary comes back as its standby.
    pub async fn fail_over(&mut self) {
        // It does not end before its standby has everything.
        self.primary.take().unwrap().stop().await.unwrap();
        let mut standby = self.standby.connect("postgres").await;
        let promoted: bool = sqlx::query_scalar("select pg_promote()")
            .fetch_one(&mut standby)
            .await
            .unwrap();
        assert!(promoted);
        self.old.follow(&self.standby);
    }

    /// Waits until the standby has all that the primary has.
    pub async fn caught_up(&self) {
        let mut primary = self.old.connect("postgres").await;
        let mut standby = self.standby.connect("postgres").await;
        let written: String = sqlx::query_scalar("select pg_current_wal_lsn()::text")
            .fetch_one(&mut primary)
            .await
            .unwrap();
        loop {
            let there: bool =
                sqlx::query_scalar("select pg_last_wal_replay_lsn() >= $1::text::pg_lsn")
                    .bind(&written)
                    .fetch_one(&mut standby)
                    .await
                    .unwrap();
            if there {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}

impl Node {
    /// As the owner.
    pub async fn connect(&self, database: &str) -> PgConnection {
        PgConnection::connect(&self.url("omnia", database))
            .await
            .unwrap()
    }

    pub fn url(&self, role: &str, database: &str) -> String {
        let socket = self.socket.to_str().unwrap();
        format!("postgres://{role}@localhost/{database}?host={socket}&sslmode=disable")
    }

    pub async fn execute(&self, statement: &str) {
        let mut connection = self.connect(DATABASE).await;
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(&mut connection)
            .await
            .unwrap();
    }

    /// As the standby of another.
    pub fn follow(&self, primary: &Node) {
        fs::write(self.data.join("standby.signal"), "").unwrap();
        let conf = self.data.join("postgresql.auto.conf");
        let before = fs::read_to_string(&conf).unwrap_or_default();
        let conninfo = format!("host={} user=omnia", primary.socket.display());
        fs::write(&conf, format!("{before}primary_conninfo = '{conninfo}'\n")).unwrap();
        self.start();
    }

    fn start(&self) {
        let options = format!(
            "-k {} -c listen_addresses= -c max_connections={CONNECTIONS} -c fsync=off \
             -c dynamic_shared_memory_type=mmap",
            self.socket.display()
        );
        let (data, log) = (self.data.to_str().unwrap(), self.socket.join("log"));
        let log = log.to_str().unwrap();
        self.run(
            "pg_ctl",
            &["-D", data, "-l", log, "-w", "-o", &options, "start"],
        );
    }

    /// One of PostgreSQL's programs, as the user who runs the servers.
    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.bin.join(program));
        command.args(arguments).current_dir(&self.socket);
        let owner = fs::metadata(&self.socket).unwrap();
        if nix::unistd::geteuid().is_root() {
            command.uid(owner.uid()).gid(owner.gid());
        }
        let output = command
            .stdin(Stdio::null())
            // A server that goes on would hold a pipe of ours open.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(output.success(), "{program} {arguments:?}");
    }
}

/// An address behind which servers change places.
pub struct Address {
    /// `host:port`
    pub at: String,
    to: Arc<Mutex<PathBuf>>,
    task: JoinHandle<()>,
}

impl Address {
    pub async fn of(socket: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap().to_string();
        let to = Arc::new(Mutex::new(socket.to_owned()));
        let task = tokio::spawn({
            let to = Arc::clone(&to);
            async move {
                while let Ok((mut client, _)) = listener.accept().await {
                    let path = to.lock().unwrap().join(".s.PGSQL.5432");
                    tokio::spawn(async move {
                        if let Ok(mut server) = UnixStream::connect(path).await {
                            let _ = copy_bidirectional(&mut client, &mut server).await;
                        }
                    });
                }
            }
        });
        Self { at, to, task }
    }

    /// From now on new connections lead there.
    pub fn lead_to(&self, socket: &Path) {
        socket.clone_into(&mut self.to.lock().unwrap());
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        self.task.abort();
    }
}
