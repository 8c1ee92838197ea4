//! A policy whose disk does not answer.

use std::{fs, time::Duration};

use tokio::time::timeout;

use super::{ActivePolicy, PolicyOnDisk, PolicySource};
use crate::{
    clock::Clock,
    contract::vocabulary::Vocabulary,
    telemetry::health_registry::HealthRegistry,
    transport::{hung_disk::HungDisk, reloader::Reloader},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_hangs_is_told_and_the_policy_in_force_stays() {
    let dir = tempfile::tempdir().unwrap();
    let shipped = PolicySource::embedded();
    fs::write(dir.path().join("policy.csv"), &shipped.policy).unwrap();
    let disk = HungDisk::new(dir.path());
    let vocabulary = Vocabulary::of_contract().unwrap();
    let politica = ActivePolicy::load(&shipped, &vocabulary).await.unwrap();
    let health_registry = HealthRegistry::default();
    let on_disk = PolicyOnDisk::new(
        politica.clone(),
        Some(dir.path().to_owned()),
        vocabulary,
        Clock::system(),
    );
    let reader = on_disk.reader.clone();
    let reloader = Reloader::new(
        on_disk,
        health_registry.component("policy"),
        Clock::system(),
    );
    let follows = tokio::spawn(reloader.follow().await.unwrap());
    let mut health = health_registry.subscribe();
    let mut becomes = async |well: bool| {
        let becomes = health.wait_for(|components| components["policy"] == well);
        timeout(Duration::from_secs(10), becomes)
            .await
            .unwrap()
            .unwrap();
    };
    disk.hold_up(&reader).await;
    becomes(false).await;
    assert_eq!(politica.table().version(), shipped.version());
    disk.answer();
    becomes(true).await;
    follows.abort();
}
