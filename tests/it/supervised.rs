//! The private cluster's server dies under the service: it is started again, or the service ends and says so.

use std::{fs, time::Duration};

use nix::sys::signal::Signal;
use omnia::postgres::{Cluster, ClusterOptions, DatabaseSettings, Durability, open};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use tonic_health::pb::health_check_response::ServingStatus;

use crate::{
    cluster::{ClusterPlace, is_running},
    eventually::eventually,
    frozen::signal_all,
    policy::health,
    program::Program,
};

const SERVING: Option<ServingStatus> = Some(ServingStatus::Serving);

/// A connection to the private cluster of a place, as its owner.
async fn connect(place: &ClusterPlace) -> PgConnection {
    let socket = place.dir.join("postgres");
    let url = format!(
        "postgres://omnia@localhost/omnia?host={}&sslmode=disable",
        socket.display()
    );
    PgConnection::connect(&url).await.unwrap()
}

fn kill(pid: &str) {
    let pid = nix::unistd::Pid::from_raw(pid.parse().unwrap());
    nix::sys::signal::kill(pid, Signal::SIGKILL).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_killed_is_started_again_and_one_without_files_ends_the_service() {
    let place = ClusterPlace::new();
    let dir = place.dir.clone();
    let mut program = Program::serve_with(|command| {
        command.env("OMNIA_DATABASE__DATA_DIR", dir);
    })
    .await;
    let channel = program.channel();
    eventually("it serves", async || health(&channel, "").await == SERVING).await;

    // A backend that goes on with its statement whatever happens to its postmaster.
    let mut busy = connect(&place).await;
    let orphan: i32 = sqlx::query_scalar("select pg_backend_pid()")
        .fetch_one(&mut busy)
        .await
        .unwrap();
    let statement = tokio::spawn(async move {
        sqlx::raw_sql("do $$ begin loop end loop; end $$")
            .execute(&mut busy)
            .await
            .map(drop)
    });
    let mut seen = connect(&place).await;
    eventually("the statement runs", async || {
        sqlx::query_scalar::<_, bool>(
            "select state = 'active' from pg_stat_activity where pid = $1",
        )
        .bind(orphan)
        .fetch_one(&mut seen)
        .await
        .unwrap()
    })
    .await;
    drop(seen);

    let killed = place.postmaster().unwrap();
    kill(&killed);
    program
        .says("the private PostgreSQL has ended: it is started again")
        .await;
    program.says("the private PostgreSQL runs again").await;
    statement.await.unwrap().unwrap_err();
    assert!(
        !is_running(&orphan.to_string()),
        "the orphan kept the new server from starting"
    );
    eventually("it serves again", async || {
        health(&channel, "").await == SERVING
    })
    .await;
    let started = place.postmaster().unwrap();
    assert_ne!(started, killed);
    let errors = |line: &&serde_json::Value| line["level"] == "ERROR";
    let loud = program.lines();
    let loud: Vec<_> = loud.iter().filter(errors).collect();
    assert!(loud.len() <= 8, "{loud:#?}");

    // Its files vanish: an empty database in their place would be worse than none.
    let data = place.dir.join("postgres/data");
    fs::rename(&data, place.dir.join("elsewhere")).unwrap();
    kill(&started);
    let status = program.ends_within(Duration::from_secs(30)).await;
    assert_eq!(status.code(), Some(69), "{}", program.text());
    assert!(
        program.text().contains("its files are gone from"),
        "{}",
        program.text()
    );
    assert!(!data.exists());
    signal_all(&place.dir.join("elsewhere"), Signal::SIGKILL);
}

#[tokio::test]
async fn a_start_waits_for_a_process_that_is_ending() {
    let place = ClusterPlace::new();
    let options = ClusterOptions {
        dir: place.dir.clone(),
        bin_dir: None,
        max_connections: 20,
        durability: Durability::ThrowAway,
    };
    let ending = Cluster::start(&options).await.unwrap();
    let next = options.clone();
    let next = tokio::spawn(async move {
        let patience = Duration::from_secs(60);
        Cluster::start_within(&next, patience)
            .await
            .map_err(|error| error.to_string())
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!next.is_finished(), "{:?}", next.await);
    ending.stop().await.unwrap();
    next.await.unwrap().unwrap().stop().await.unwrap();
}

/// What a service holds at most: its pool, and what it has beside.
const AN_INSTANCE: u32 = 10 + 9;
/// What a command of an operator holds at most.
const A_COMMAND: u32 = 4;

#[tokio::test]
async fn two_instances_and_two_commands_find_connections_on_one_private_cluster() {
    let place = ClusterPlace::new();
    let settings = DatabaseSettings {
        data_dir: Some(place.dir.clone()),
        ..Default::default()
    };
    assert_eq!(settings.max_connections, 10);
    let service = open(&settings).await.unwrap();
    let serving = service.serving_pool().connect_options();
    let owner = service.owner_pool().connect_options();
    let mut held = Vec::new();
    for number in 0..2 * (AN_INSTANCE + A_COMMAND) {
        let options = if number < 2 * AN_INSTANCE {
            &serving
        } else {
            &owner
        };
        let connection = options.connect().await;
        held.push(connection.unwrap_or_else(|error| panic!("connection {number}: {error}")));
    }
    drop(held);
    service.stop().await.unwrap();
}
