//! Keys whose disk does not answer.

use std::{
    fs,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::timeout;

use super::{key_freshness::KeyFreshness, key_location::KeyLocation, key_source::KeySource};
use crate::{
    abilitazione::authn::test_keys::EC,
    clock::Clock,
    error::Reason,
    transport::{bounded_read::PATIENCE, hung_disk::HungDisk},
};

const LIMIT: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_hangs_holds_up_no_call_and_keeps_no_key_for_hours() {
    let dir = tempfile::tempdir().unwrap();
    let (file, disk) = (dir.path().join("jwks.json"), HungDisk::new(dir.path()));
    fs::write(&file, format!(r#"{{"keys": [{}]}}"#, EC.jwk("known"))).unwrap();
    let now = Arc::new(Mutex::new(DateTime::<Utc>::UNIX_EPOCH));
    let clock = Clock::from_fn({
        let now = Arc::clone(&now);
        move || *now.lock().unwrap()
    });
    let freshness = KeyFreshness {
        refresh_after: Duration::from_secs(240),
        min_interval: Duration::from_secs(30),
        max_age: 6 * 6 * LIMIT,
        file_max_age: LIMIT,
    };
    let keys = KeySource::from_location(KeyLocation::File(file), freshness, clock)
        .await
        .unwrap();
    let mut reading = keys.reading();
    let good = async |reading: &mut tokio::sync::watch::Receiver<_>, good| {
        let becomes = reading.wait_for(|reading: &super::fetch::KeyReading| reading.good == good);
        timeout(Duration::from_secs(10), becomes)
            .await
            .unwrap()
            .unwrap();
    };
    good(&mut reading, true).await;

    disk.hold_up(&keys.key_reader().unwrap().reader).await;
    good(&mut reading, false).await;
    let begun = Instant::now();
    for kid in 0..100 {
        let key_set = keys.key_set_with(&format!("unknown {kid}")).await.unwrap();
        assert!(key_set.jwks.get("known").is_some());
    }
    assert!(begun.elapsed() < 2 * PATIENCE, "{:?}", begun.elapsed());

    // The file cannot be read now; the key may have been withdrawn.
    *now.lock().unwrap() += TimeDelta::from_std(LIMIT).unwrap();
    assert!(keys.key_set().is_ok());
    *now.lock().unwrap() += TimeDelta::seconds(1);
    let refused = keys.key_set_with("known").await.err().unwrap();
    assert_eq!(refused.reason, Reason::KeysUnavailable);

    disk.answer();
    good(&mut reading, true).await;
    assert!(keys.key_set_with("known").await.is_ok());
}
