//! The program under a small limit of open files, and 300 connections that say nothing.

use std::{
    net::{SocketAddr, TcpStream},
    process::Command,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use tonic_health::pb::health_check_response::ServingStatus;

use crate::{
    eventually::eventually, policy::health, program::Program, server::channel_to,
    telemetry::Collector, test_bench,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_caller_is_answered_beside_300_silent_connections() {
    let db = test_bench::database().await;
    let (collector, endpoint) = Collector::start().await;
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -Sn 200; ulimit -Hn 256; exec \"$0\" serve"])
        .arg(env!("CARGO_BIN_EXE_omnia"));
    let mut program = Program::start_as(command, |command| {
        command
            .env("OMNIA_DATABASE__URL", &db.serving_url)
            .env("OMNIA_TELEMETRY__OTLP_ENDPOINT", endpoint)
            .env("OMNIA_TELEMETRY__FORMAT", "text");
    })
    .once_it_serves()
    .await;
    let address: SocketAddr = program.address.parse().unwrap();
    let channel = channel_to(address);
    eventually("it serves", async || {
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
    let log = program.text();
    assert!(
        log.contains("limit of open files raised from=200 to=256"),
        "{log}"
    );
    assert!(log.contains("leaves room for 182"), "{log}");
    assert!(!log.contains("cannot be accepted"), "{log}");

    program.signal(Signal::SIGTERM);
    assert!(program.child.wait().unwrap().success());
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
