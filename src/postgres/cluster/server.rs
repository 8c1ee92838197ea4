//! The server process: how it is started, when it is ready, how it stops.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sqlx::{PgConnection, postgres::PgConnectOptions};

use crate::{
    error::Sentence,
    postgres::{
        cluster::{
            binaries::Binaries,
            home::{Home, PORT},
            identity::Identity,
            initdb::one_line,
        },
        options::Durability,
        session::open,
    },
};

/// Recovery after a crash may replay gigabytes.
const START_LIMIT: Duration = Duration::from_secs(600);
/// A fast stop writes what is dirty; beyond this it is told to leave it to recovery.
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// How long a server that is told so may take to leave it to recovery. Its own limit for its processes is 5 seconds.
const QUIT_LIMIT: Duration = Duration::from_secs(6);
/// The same where the time for the whole stop is set.
const QUIT_IN_HASTE: Duration = Duration::from_millis(1000);
/// A process that is killed is gone at once, unless the machine itself hangs.
const KILL_LIMIT: Duration = Duration::from_millis(500);
const POLL: Duration = Duration::from_millis(10);

/// A postmaster that is our child.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    child: Child,
    log: PathBuf,
    log_start: u64,
}

/// What a server is started with, beyond its directory.
pub(crate) struct Start {
    pub(crate) max_connections: u32,
    pub(crate) durability: Durability,
    /// An unrelated process that has the number in `postmaster.pid`.
    pub(crate) stranger: Option<i32>,
}

impl ServerProcess {
    pub(crate) fn spawn(
        home: &Home,
        identity: &Identity,
        binaries: &Binaries,
        start: &Start,
    ) -> Result<Self, Sentence> {
        let (log, log_start) = home
            .open_log()
            .map_err(|error| format!("cannot open {}: {error}", home.log().display()))?;
        let mut command = identity.command(&binaries.program("postgres"), &home.server());
        command.arg("-D").arg(home.data());
        for (name, value) in parameters(home, start) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        if let Some(pid) = start.stranger {
            // pg_ctl's way to tell a server that this process in the lock file is not another server. Removing the file
            // would do it too, but would lose the server's check for orphaned backends.
            command.env("PG_GRANDPARENT_PID", pid.to_string());
        }
        let child = command
            .stdout(Stdio::null())
            .stderr(log)
            // Ctrl-C in the terminal is for us: the server goes after the streams under way.
            .process_group(0)
            .spawn()
            .map_err(|error| {
                let program = binaries.program("postgres");
                format!("cannot run {}: {error}", program.display())
            })?;
        Ok(Self {
            child,
            log: home.log(),
            log_start,
        })
    }

    /// Waits until the server accepts a connection.
    pub(crate) async fn ready(
        &mut self,
        options: &PgConnectOptions,
    ) -> Result<PgConnection, Sentence> {
        let end = Instant::now() + START_LIMIT;
        loop {
            if let Some(status) = self.child.try_wait()? {
                let said = self.said();
                let log = self.log.display();
                return Err(
                    format!("PostgreSQL did not start ({status}): {said} (log: {log})").into(),
                );
            }
            // The server that was just started, to make its database: nothing of ours is in it.
            match open(options).await {
                Ok(connection) => return Ok(connection),
                Err(error) if !is_starting(&error) || Instant::now() > end => {
                    return Err(format!("PostgreSQL does not accept connections: {error}").into());
                }
                Err(_) => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// The number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(crate) fn has_ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Stops the server and waits for its end: in good order, else at once, else by force. `by`: when it is to be gone, whatever
    /// it takes.
    pub(crate) async fn stop(&mut self, by: Option<Instant>) -> Result<(), Sentence> {
        if let Some(status) = self.has_ended()? {
            return Err(
                format!("PostgreSQL had ended by itself ({status}): {}", self.said()).into(),
            );
        }
        let now = Instant::now();
        let (fast, quit) = match by {
            None => (now + STOP_LIMIT, QUIT_LIMIT),
            Some(by) => (
                by.checked_sub(QUIT_IN_HASTE + KILL_LIMIT).unwrap_or(now),
                QUIT_IN_HASTE,
            ),
        };
        let fast = fast.saturating_duration_since(now);
        for (signal, patience) in [
            (Signal::SIGINT, fast),
            (Signal::SIGQUIT, quit),
            // It was stopped by SIGSTOP, or hangs: a killed one needs no more than recovery either.
            (Signal::SIGKILL, KILL_LIMIT),
        ] {
            self.signal(signal);
            let end = Instant::now() + patience;
            loop {
                if let Some(status) = self.child.try_wait()? {
                    return self.ended(signal, status);
                }
                if Instant::now() >= end {
                    break;
                }
                tokio::time::sleep(POLL).await;
            }
        }
        Err(format!("PostgreSQL (process {}) does not stop", self.child.id()).into())
    }

    fn ended(&self, signal: Signal, status: ExitStatus) -> Result<(), Sentence> {
        if signal == Signal::SIGINT && status.success() {
            return Ok(());
        }
        Err(format!(
            "PostgreSQL did not stop in good order ({status}): {}",
            self.said()
        )
        .into())
    }

    fn signal(&self, signal: Signal) {
        // Not yet waited for, so the number is still the child's. An error is its having ended already.
        if let Ok(pid) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// The last lines that this server wrote into the log.
    fn said(&self) -> String {
        let mut text = String::new();
        let read = File::open(&self.log).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.log_start))?;
            file.read_to_string(&mut text)
        });
        if read.is_err() || text.trim().is_empty() {
            return "it said nothing".to_owned();
        }
        let lines: Vec<&str> = text.lines().collect();
        one_line(&lines[lines.len().saturating_sub(4)..].join(" "))
    }
}

/// The way out of an error or a panic; [`ServerProcess::stop`] is the way out of a good run.
impl Drop for ServerProcess {
    fn drop(&mut self) {
        for (signal, patience) in [
            (Signal::SIGINT, Duration::from_secs(10)),
            (Signal::SIGQUIT, QUIT_LIMIT),
            (Signal::SIGKILL, KILL_LIMIT),
        ] {
            let end = Instant::now() + patience;
            while Instant::now() < end {
                match self.child.try_wait() {
                    Ok(None) => {}
                    Ok(Some(_)) | Err(_) => return,
                }
                self.signal(signal);
                std::thread::sleep(POLL);
            }
        }
    }
}

fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        // No socket yet, a socket without a listener yet, or one that a server in trouble closes.
        sqlx::Error::Io(error) => error.kind() != io::ErrorKind::PermissionDenied,
        // cannot_connect_now
        sqlx::Error::Database(error) => error.code().as_deref() == Some("57P03"),
        _ => false,
    }
}

fn parameters(home: &Home, start: &Start) -> Vec<(&'static str, String)> {
    let directory = home.server().display().to_string().replace('"', "\"\"");
    let on = match start.durability {
        Durability::Full => "on",
        Durability::ThrowAway => "off",
    };
    // Shared memory as files of the directory is slower, and goes with the directory.
    let shared_memory = match start.durability {
        Durability::Full => "posix",
        Durability::ThrowAway => "mmap",
    };
    let own = |text: &str| text.to_owned();
    vec![
        ("listen_addresses", String::new()),
        // A list, hence the quotes.
        ("unix_socket_directories", format!("\"{directory}\"")),
        ("unix_socket_permissions", own("0700")),
        ("port", PORT.to_string()),
        ("max_connections", start.max_connections.to_string()),
        ("fsync", own(on)),
        ("synchronous_commit", own(on)),
        ("full_page_writes", own(on)),
        ("dynamic_shared_memory_type", own(shared_memory)),
        ("shared_buffers", own("256MB")),
        ("work_mem", own("32MB")),
        ("maintenance_work_mem", own("256MB")),
        ("max_wal_size", own("4GB")),
        ("random_page_cost", own("1.1")),
        ("jit", own("off")),
        ("timezone", own("UTC")),
        ("log_timezone", own("UTC")),
        ("log_destination", own("stderr")),
        ("logging_collector", own("off")),
        ("log_checkpoints", own("off")),
        // Statements and details of errors hold tax codes: no log is to have them.
        ("log_min_error_statement", own("panic")),
        ("log_error_verbosity", own("terse")),
    ]
}
