//! The private cluster, through everything that may happen to it.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use omnia::postgres::{Cluster, ClusterOptions, DatabaseSettings, Durability, join, migrate, open};
use sqlx::{Connection as _, PgConnection};

use crate::throw_away::throw_away_dir;

/// A directory for a cluster of the test's own.
pub(crate) struct ClusterPlace {
    pub(crate) dir: PathBuf,
    _watchdog: ChildStdin,
}

impl ClusterPlace {
    pub(crate) fn new() -> Self {
        let (dir, watchdog) = throw_away_dir();
        Self {
            dir: dir.join("omnia"),
            _watchdog: watchdog,
        }
    }

    async fn start(&self) -> Result<Cluster, String> {
        self.start_as(Durability::ThrowAway).await
    }

    async fn start_as(&self, durability: Durability) -> Result<Cluster, String> {
        let options = ClusterOptions {
            dir: self.dir.clone(),
            bin_dir: None,
            max_connections: 20,
            durability,
        };
        Cluster::start(&options).await.map_err(|e| e.to_string())
    }

    fn data(&self) -> PathBuf {
        self.dir.join("postgres/data")
    }

    pub(crate) fn postmaster(&self) -> Option<String> {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        file.lines().next().map(str::to_owned)
    }
}

async fn connect(cluster: &Cluster) -> PgConnection {
    PgConnection::connect_with(&cluster.owner_options())
        .await
        .unwrap()
}

async fn count(cluster: &Cluster) -> i64 {
    sqlx::query_scalar("select count(*) from prova")
        .fetch_one(&mut connect(cluster).await)
        .await
        .unwrap()
}

async fn fill(cluster: &Cluster) {
    sqlx::raw_sql("create table prova (n int); insert into prova select generate_series(1, 1000)")
        .execute(&mut connect(cluster).await)
        .await
        .unwrap();
}

pub(crate) fn is_running(pid: &str) -> bool {
    // A killed child that was not waited for is not running any more.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn gone(pid: &str) -> bool {
    let end = Instant::now() + Duration::from_secs(10);
    while is_running(pid) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    !is_running(pid)
}

#[tokio::test]
async fn a_restart_keeps_the_data() {
    let place = ClusterPlace::new();
    let cluster = place.start().await.unwrap();
    let pid = place.postmaster().unwrap();
    fill(&cluster).await;
    cluster.stop().await.unwrap();
    assert!(!is_running(&pid) && place.postmaster().is_none());
    let cluster = place.start().await.unwrap();
    assert_eq!(count(&cluster).await, 1000);
    // An error path: dropped, not stopped.
    let pid = place.postmaster().unwrap();
    drop(cluster);
    assert!(!is_running(&pid));
}

#[tokio::test]
async fn only_its_user_gets_at_the_cluster() {
    let place = ClusterPlace::new();
    let cluster = place.start().await.unwrap();
    let server = fs::metadata(cluster.socket_dir()).unwrap();
    assert_eq!(server.mode() & 0o777, 0o700);
    let listens: String = sqlx::query_scalar("show listen_addresses")
        .fetch_one(&mut connect(&cluster).await)
        .await
        .unwrap();
    assert_eq!(listens, "");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_process_is_refused() {
    let place = ClusterPlace::new();
    let cluster = place.start().await.unwrap();
    let error = place.start().await.unwrap_err();
    let named = format!("(process {})", std::process::id());
    assert!(
        error.contains("in use by another omnia process") && error.contains(&named),
        "{error}"
    );
    // The refusal has not touched the one that runs.
    fill(&cluster).await;
    cluster.stop().await.unwrap();
    place.start().await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_command_joins_a_cluster_that_is_running() {
    let place = ClusterPlace::new();
    let settings = DatabaseSettings {
        data_dir: Some(place.dir.clone()),
        ..Default::default()
    };
    let service = open(&settings).await.unwrap();
    migrate(service.owner()).await.unwrap();

    let command = join(&settings).await.unwrap();
    assert!(!command.is_private(), "it is the service's");
    sqlx::query("insert into normativa values ('N', 'una norma')")
        .execute(&command.owner_pool())
        .await
        .unwrap();
    command.stop().await.unwrap();

    let seen: i64 = sqlx::query_scalar("select count(*) from normativa")
        .fetch_one(&service.serving_pool())
        .await
        .unwrap();
    assert_eq!(seen, 1, "the service goes on, and sees it");
    service.stop().await.unwrap();

    // No other process runs it now: the command runs it itself.
    let command = join(&settings).await.unwrap();
    assert!(command.is_private());
    command.stop().await.unwrap();
}

/// A server that runs while the lock is free, as after `kill -9` of the process that started it.
async fn leave_behind(place: &ClusterPlace) -> String {
    let cluster = place.start_as(Durability::Full).await.unwrap();
    fill(&cluster).await;
    let pid = place.postmaster().unwrap();
    // Neither stop nor drop; but the lock file is another one then, as if the kernel had given it back.
    std::mem::forget(cluster);
    fs::remove_file(place.dir.join("lock")).unwrap();
    pid
}

#[tokio::test]
async fn a_server_left_behind_is_stopped_first() {
    let place = ClusterPlace::new();
    let left = leave_behind(&place).await;
    assert!(is_running(&left));
    let cluster = place.start().await.unwrap();
    assert!(!is_running(&left));
    assert_ne!(place.postmaster().unwrap(), left);
    assert_eq!(count(&cluster).await, 1000);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_was_killed_is_recovered() {
    let place = ClusterPlace::new();
    let left = leave_behind(&place).await;
    kill(Pid::from_raw(left.parse().unwrap()), Signal::SIGKILL).unwrap();
    assert!(gone(&left));
    // What was committed was on disk.
    let cluster = place.start_as(Durability::Full).await.unwrap();
    assert_eq!(count(&cluster).await, 1000);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn an_unrelated_process_with_the_number_is_left_in_peace() {
    let place = ClusterPlace::new();
    place.start().await.unwrap().stop().await.unwrap();
    // As the same user as the server: PostgreSQL by itself would take it for another server and refuse to start.
    let owner = fs::metadata(place.data()).unwrap();
    let mut sleep = Command::new("sleep");
    sleep.arg("60").current_dir("/").stdin(Stdio::null());
    if nix::unistd::geteuid().is_root() {
        sleep.uid(owner.uid()).gid(owner.gid());
    }
    let mut stranger = sleep.spawn().unwrap();
    let file = place.data().join("postmaster.pid");
    fs::write(
        &file,
        format!("{}\n{}\n0\n5432\n", stranger.id(), place.data().display()),
    )
    .unwrap();
    let started = place.start().await;
    let alive = stranger.try_wait().unwrap().is_none();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert!(alive);
    started.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn an_interrupted_initdb_is_begun_anew() {
    let place = ClusterPlace::new();
    place.start().await.unwrap().stop().await.unwrap();
    // What an initdb that was killed leaves: no data, and half of them under another name.
    let half = place.dir.join("postgres/initdb");
    fs::rename(place.data(), &half).unwrap();
    fs::remove_dir_all(half.join("global")).unwrap();
    let cluster = place.start().await.unwrap();
    fill(&cluster).await;
    assert!(!half.exists());
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_start_says_why() {
    let place = ClusterPlace::new();
    place.start().await.unwrap().stop().await.unwrap();
    fs::remove_file(place.data().join("global/pg_control")).unwrap();
    let error = place.start().await.unwrap_err();
    assert!(
        error.contains("did not start") && error.contains("pg_control"),
        "{error}"
    );
    // And data of another version are not opened with these programs.
    fs::write(place.data().join("PG_VERSION"), "9\n").unwrap();
    let error = place.start().await.unwrap_err();
    assert!(error.contains("apt-get install postgresql-9"), "{error}");
}

#[tokio::test]
async fn a_directory_of_somebody_else_is_not_taken() {
    let place = ClusterPlace::new();
    fs::create_dir_all(&place.dir).unwrap();
    fs::write(place.dir.join("postgres"), "not ours").unwrap();
    let error = place.start().await.unwrap_err();
    assert!(
        error.contains("is not a directory that belongs to"),
        "{error}"
    );
    assert_eq!(fs::read(place.dir.join("postgres")).unwrap(), b"not ours");
}

#[tokio::test]
async fn as_root_a_directory_out_of_reach_is_named() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let closed = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir()
        .unwrap();
    let options = ClusterOptions {
        dir: closed.path().join("omnia"),
        bin_dir: None,
        max_connections: 20,
        durability: Durability::ThrowAway,
    };
    let error = Cluster::start(&options).await.unwrap_err().to_string();
    let named = format!("cannot enter {} ", closed.path().display());
    assert!(error.contains(&named), "{error}");
}

#[tokio::test]
async fn missing_programs_are_one_sentence() {
    let place = ClusterPlace::new();
    let settings = DatabaseSettings {
        data_dir: Some(place.dir.clone()),
        bin_dir: Some("/nessuno".into()),
        ..DatabaseSettings::default()
    };
    let error = open(&settings).await.unwrap_err().to_string();
    assert!(error.contains("no PostgreSQL programs"), "{error}");
}

/// The watchdog's own test: a process that ends while a server runs in the directory.
#[tokio::test]
async fn nothing_outlives_the_test_process() {
    let (dir, watchdog) = throw_away_dir();
    let place = ClusterPlace {
        dir: dir.clone(),
        _watchdog: watchdog,
    };
    let cluster = place.start().await.unwrap();
    let pid = place.postmaster().unwrap();
    std::mem::forget(cluster);
    // What the kernel does for a process that is killed.
    drop(place);
    assert!(gone(&pid));
    assert!(vanishes(&dir), "{}", dir.display());
}

fn vanishes(dir: &Path) -> bool {
    let end = Instant::now() + Duration::from_secs(10);
    while dir.exists() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    !dir.exists()
}
