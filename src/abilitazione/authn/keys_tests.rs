//! Keys whose disk does not answer.
//!
//! The disk that hangs is a pipe that is opened as a file is, on the one thread that reads these keys: the kernel holds
//! it up as a dead network mount would.

use std::{
    fs,
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::timeout;

use super::{
    key_location::KeyLocation,
    key_source::{KeyFreshness, KeySource},
};
use crate::{
    abilitazione::authn::test_keys::EC, clock::Clock, error::Reason,
    transport::bounded_read::PATIENCE,
};

const LIMIT: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_hangs_holds_up_no_call_and_keeps_no_key_for_hours() {
    let dir = tempfile::tempdir().unwrap();
    let (file, pipe) = (dir.path().join("jwks.json"), dir.path().join("pipe"));
    fs::write(&file, format!(r#"{{"keys": [{}]}}"#, EC.jwk("known"))).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let now = Arc::new(Mutex::new(DateTime::<Utc>::UNIX_EPOCH));
    let clock = Clock::from_fn({
        let now = Arc::clone(&now);
        move || *now.lock().unwrap()
    });
    let freschezza = KeyFreshness {
        refresh_after: Duration::from_secs(240),
        min_interval: Duration::from_secs(30),
        max_age: 6 * 6 * LIMIT,
        file_max_age: LIMIT,
    };
    let chiavi = KeySource::from_location(KeyLocation::File(file), freschezza, clock)
        .await
        .unwrap();
    let mut reading = chiavi.reading();
    let good = async |reading: &mut tokio::sync::watch::Receiver<_>, good| {
        let becomes =
            reading.wait_for(|reading: &super::key_source::KeyReading| reading.good == good);
        timeout(Duration::from_secs(10), becomes)
            .await
            .unwrap()
            .unwrap();
    };
    good(&mut reading, true).await;

    // A reading of the loop may have the thread at the moment.
    let reader = chiavi.key_reader().unwrap().reader.clone();
    loop {
        let (pipe, begun) = (pipe.clone(), Instant::now());
        reader.run(move || fs::read(pipe)).await.unwrap_err();
        if begun.elapsed() >= PATIENCE {
            break;
        }
    }
    good(&mut reading, false).await;
    let begun = Instant::now();
    for kid in 0..100 {
        let mazzo = chiavi
            .key_set_with(&format!("unknown {kid}"))
            .await
            .unwrap();
        assert!(mazzo.jwks.get("known").is_some());
    }
    assert!(begun.elapsed() < 2 * PATIENCE, "{:?}", begun.elapsed());

    // Nobody knows what the file says now: it may be that the key is withdrawn.
    *now.lock().unwrap() += TimeDelta::from_std(LIMIT).unwrap();
    assert!(chiavi.key_set().is_ok());
    *now.lock().unwrap() += TimeDelta::seconds(1);
    let refused = chiavi.key_set_with("known").await.err().unwrap();
    assert_eq!(refused.reason, Reason::KeysUnavailable);

    fs::write(&pipe, "").unwrap();
    good(&mut reading, true).await;
    assert!(chiavi.key_set_with("known").await.is_ok());
}
