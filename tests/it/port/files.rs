//! The program under a small limit of open files, and 300 connections that say nothing.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use omnia::demo::demo_key;
use tonic_health::pb::health_check_response::ServingStatus;

use crate::{
    policy::{health, wait_until},
    server::channel_to,
    telemetry::Collector,
    test_bench,
};

/// Ended with the test, whatever becomes of it.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_caller_is_answered_beside_300_silent_connections() {
    let db = test_bench::database().await;
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    demo_key::create_or_load(root).unwrap();
    fs::write(root.join("audit.key"), "07".repeat(32)).unwrap();
    let log = root.join("log");
    let (collector, endpoint) = Collector::start().await;
    let child = Command::new("sh")
        .args(["-c", "ulimit -Sn 200; ulimit -Hn 256; exec \"$0\" serve"])
        .arg(env!("CARGO_BIN_EXE_omnia"))
        .env_clear()
        .env("OMNIA_DATABASE__URL", &db.serving_url)
        .env("OMNIA_ACCESS__JWKS", demo_key::jwks_path(root))
        .env("OMNIA_AUDIT__KEY_FILE", root.join("audit.key"))
        .env("OMNIA_SERVER__LISTEN", "127.0.0.1:0")
        .env("OMNIA_TELEMETRY__OTLP_ENDPOINT", endpoint)
        .stdout(Stdio::piped())
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut child = Ended(child);
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address: SocketAddr = line.trim()["Serving on ".len()..].parse().unwrap();
    let channel = channel_to(address);
    wait_until("it serves", async || {
        health(&channel, "").await == Some(ServingStatus::Serving)
    })
    .await;

    let silent: Vec<_> = (0..300).map(|_| TcpStream::connect(address)).collect();
    let begun = Instant::now();
    for _ in 0..3 {
        // Each on a connection of its own.
        let status = health(&channel_to(address), "").await;
        assert_eq!(status, Some(ServingStatus::Serving));
    }
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    drop(silent);
    let log = fs::read_to_string(&log).unwrap();
    assert!(
        log.contains("limit of open files raised from=200 to=256"),
        "{log}"
    );
    assert!(log.contains("leaves room for 182"), "{log}");
    assert!(!log.contains("cannot be accepted"), "{log}");

    let pid = Pid::from_raw(i32::try_from(child.0.id()).unwrap());
    kill(pid, Signal::SIGTERM).unwrap();
    assert!(child.0.wait().unwrap().success());
    let numbers = collector.numbers();
    for outcome in ["accepted", "evicted"] {
        let counted = numbers.iter().any(|n| {
            n.name == "omnia.connection.count"
                && n.attribute("omnia.outcome").as_deref() == Some(outcome)
        });
        assert!(counted, "{outcome}");
    }
    assert!(numbers.iter().any(|n| n.name == "omnia.connection.open"));
}
