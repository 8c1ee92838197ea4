//! A policy whose disk does not answer: a pipe that is opened as a file is, on the one thread that reads the policy.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use tokio::time::timeout;

use super::{ActivePolicy, PolicyOnDisk, PolicySource};
use crate::{
    clock::Clock,
    contract::vocabulary::Vocabulary,
    telemetry::health_registry::HealthRegistry,
    transport::{bounded_read::PATIENCE, reloader::Reloader},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_hangs_is_told_and_the_policy_in_force_stays() {
    let dir = tempfile::tempdir().unwrap();
    let shipped = PolicySource::embedded();
    fs::write(dir.path().join("policy.csv"), &shipped.policy).unwrap();
    let pipe = dir.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let vocabulary = Vocabulary::of_contract().unwrap();
    let politica = ActivePolicy::load(&shipped, &vocabulary).await.unwrap();
    let salute = HealthRegistry::default();
    let on_disk = PolicyOnDisk::new(
        politica.clone(),
        Some(dir.path().to_owned()),
        vocabulary,
        Clock::system(),
    );
    let reader = on_disk.reader.clone();
    let reloader = Reloader::new(on_disk, salute.component("policy"), Clock::system());
    let follows = tokio::spawn(reloader.follow().await.unwrap());
    let mut health = salute.subscribe();
    let mut becomes = async |well: bool| {
        let becomes = health.wait_for(|components| components["policy"] == well);
        timeout(Duration::from_secs(10), becomes)
            .await
            .unwrap()
            .unwrap();
    };
    // A reading of the loop may have the thread at the moment.
    loop {
        let (pipe, begun) = (pipe.clone(), Instant::now());
        reader.run(move || fs::read(pipe)).await.unwrap_err();
        if begun.elapsed() >= PATIENCE {
            break;
        }
    }
    becomes(false).await;
    assert_eq!(politica.table().version(), shipped.version());
    fs::write(&pipe, "").unwrap();
    becomes(true).await;
    follows.abort();
}
