//! SIGTERM while Postgres is frozen: the service is gone in time, in any case.

use std::{path::Path, time::Duration};

use nix::sys::signal::Signal;
use omnia::postgres::{Cluster, ClusterOptions, Durability};
use tonic_health::pb::health_check_response::ServingStatus;

use crate::{
    cluster::{ClusterPlace, is_running},
    eventually::eventually,
    frozen::{processes, signal_all},
    policy::health,
    program::Program,
};

const DRAIN: u64 = 1;
/// What is promised.
const LIMIT: Duration = Duration::from_secs(DRAIN + 10);

async fn serve(set: impl FnOnce(&mut std::process::Command)) -> Program {
    let program = Program::serve_with(|command| {
        command.env("OMNIA_SERVER__DRAIN_SECONDS", DRAIN.to_string());
        set(command);
    })
    .await;
    let channel = program.channel();
    eventually("it serves", async || {
        health(&channel, "").await == Some(ServingStatus::Serving)
    })
    .await;
    program
}

async fn serve_in(dir: &Path) -> Program {
    let dir = dir.to_owned();
    serve(move |command| {
        command.env("OMNIA_DATABASE__DATA_DIR", dir);
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_of_somebody_elses_holds_up_no_stop() {
    let place = ClusterPlace::new();
    let cluster = Cluster::start(&ClusterOptions {
        dir: place.dir.clone(),
        bin_dir: None,
        max_connections: 50,
        durability: Durability::ThrowAway,
    })
    .await
    .unwrap();
    let socket = cluster.socket_dir().display().to_string();
    let url =
        |role: &str| format!("postgres://{role}@localhost/omnia?host={socket}&sslmode=disable");
    let migrated = std::process::Command::new(env!("CARGO_BIN_EXE_omnia"))
        .arg("migrate")
        .env("OMNIA_DATABASE__URL", url("omnia"))
        .output()
        .unwrap();
    assert!(migrated.status.success(), "{migrated:?}");
    let mut program = serve(|command| {
        command.env("OMNIA_DATABASE__URL", url("omnia_servizio"));
    })
    .await;
    let data = place.dir.join("postgres/data");
    assert!(signal_all(&data, Signal::SIGSTOP) > 5);
    program.signal(Signal::SIGTERM);
    program.ends_within(LIMIT).await;
    signal_all(&data, Signal::SIGCONT);
    cluster.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_private_cluster_is_gone_with_the_service_and_recovered_by_the_next() {
    let place = ClusterPlace::new();
    let data = place.dir.join("postgres/data");
    let mut program = serve_in(&place.dir).await;
    assert!(signal_all(&data, Signal::SIGSTOP) > 5);
    program.signal(Signal::SIGTERM);
    let status = program.ends_within(LIMIT).await;
    assert_eq!(status.code(), Some(1), "{}", program.text());
    assert_eq!(processes(&data), [0; 0], "left behind");

    // What was frozen is recovered. A second signal does not wait for anything.
    let mut program = serve_in(&place.dir).await;
    let postmaster = place.postmaster().unwrap();
    signal_all(&data, Signal::SIGSTOP);
    program.signal(Signal::SIGTERM);
    program.says("stopping").await;
    program.signal(Signal::SIGTERM);
    let status = program.ends_within(Duration::from_secs(2)).await;
    assert_eq!(status.code(), Some(143), "{}", program.text());

    // The server that it had no time to wait for was told to quit, and frozen it cannot. The next start thaws it.
    assert!(is_running(&postmaster));
    let mut program = serve_in(&place.dir).await;
    assert!(!is_running(&postmaster));
    // And one that comes right after a kill -9 finds the server of the dead one.
    program.child.kill().unwrap();
    let mut next = serve_in(&place.dir).await;
    next.says("stopping a PostgreSQL server that was left behind")
        .await;
    next.signal(Signal::SIGTERM);
    assert_eq!(
        next.ends_within(LIMIT).await.code(),
        Some(0),
        "{}",
        next.text()
    );
    assert_eq!(processes(&data), [0; 0], "left behind");
}
