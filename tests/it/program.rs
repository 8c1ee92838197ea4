//! `omnia serve` as a process, with its log: for what only a process shows (signals, exit codes, who is left behind).

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use omnia::{
    abilitazione::AccessSettings,
    clock::Clock,
    demo::demo_key::{self, DemoKey},
};
use serde_json::Value;
use tokio::time::sleep;
use tonic::transport::{Channel, Endpoint};

use crate::test_bench::TestDatabase;

/// What a test waits for comes within this, or never.
const PATIENCE: Duration = Duration::from_secs(60);
const STEP: Duration = Duration::from_millis(20);

/// A service that was started. Dropped, it is killed.
pub struct Program {
    pub child: Child,
    /// What it serves on, once it does.
    pub address: String,
    key: DemoKey,
    log: PathBuf,
    dir: tempfile::TempDir,
}

impl Program {
    /// On a test's database.
    pub async fn serve(db: &TestDatabase) -> Self {
        let url = db.serving_url.clone();
        Self::serve_with(|command| {
            command.env("OMNIA_DATABASE__URL", url);
        })
        .await
    }

    /// With the environment that `set` adds, once it serves.
    pub async fn serve_with(set: impl FnOnce(&mut Command)) -> Self {
        Self::start(set).once_it_serves().await
    }

    /// Waits until it says where it serves.
    pub async fn once_it_serves(mut self) -> Self {
        let stdout = self.child.stdout.take().unwrap();
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).unwrap();
            line
        });
        let line = line.await.unwrap();
        self.address = line
            .trim()
            .strip_prefix("Serving on ")
            .unwrap_or_else(|| panic!("it does not serve: {}", self.text()))
            .to_owned();
        self
    }

    /// As it starts.
    pub fn start(set: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_omnia"));
        command.arg("serve");
        Self::start_as(command, set)
    }

    /// As it starts by another command.
    pub fn start_as(mut command: Command, set: impl FnOnce(&mut Command)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = demo_key::create_or_load(dir.path()).unwrap();
        let audit = dir.path().join("audit.key");
        fs::write(&audit, "07".repeat(32)).unwrap();
        let log = dir.path().join("log");
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("OMNIA_ACCESS__JWKS", demo_key::jwks_path(dir.path()))
            .env("OMNIA_AUDIT__KEY_FILE", audit)
            .env("OMNIA_SERVER__LISTEN", "127.0.0.1:0")
            .env("OMNIA_TELEMETRY__FORMAT", "json")
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap());
        set(&mut command);
        Self {
            child: command.spawn().unwrap(),
            address: String::new(),
            key,
            log,
            dir,
        }
    }

    /// A connection to it, made when it is first used.
    pub fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address))
            .unwrap()
            .connect_lazy()
    }

    /// The file of the keys that it trusts.
    pub fn jwks(&self) -> PathBuf {
        demo_key::jwks_path(self.dir.path())
    }

    /// A token of a subject, as a header.
    pub fn bearer(&self, subject: &str) -> String {
        let access = AccessSettings::default();
        let token = self.key.token(
            &access.issuer,
            &access.audience,
            subject,
            1,
            &Clock::system(),
        );
        format!("Bearer {}", token.unwrap())
    }

    /// All that it said on standard error.
    pub fn text(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// The lines of its log.
    pub fn lines(&self) -> Vec<Value> {
        let text = self.text();
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        lines.collect()
    }

    /// The lines of its log with a message that begins so.
    pub fn said(&self, message: &str) -> Vec<Value> {
        let mut lines = self.lines();
        lines.retain(|line| {
            line["message"]
                .as_str()
                .is_some_and(|m| m.starts_with(message))
        });
        lines
    }

    /// Waits for a line of its log with a message that begins so.
    pub async fn says(&self, message: &str) -> Value {
        self.says_times(message, 1).await
    }

    /// Waits for the nth line of its log with a message that begins so.
    pub async fn says_times(&self, message: &str, times: usize) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.said(message).into_iter().nth(times - 1) {
                return line;
            }
            assert!(
                Instant::now() < end,
                "it never says {message:?}: {}",
                self.text()
            );
            sleep(STEP).await;
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    /// Waits for its end, which comes within this time.
    pub async fn ends_within(&mut self, limit: Duration) -> ExitStatus {
        let end = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "it does not end: {}", self.text());
            sleep(STEP).await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
