//! Two loads at once.

use std::{io, sync::mpsc};

use omnia::rilevazione::{LoadPhase, Observer};

use super::*;
use crate::test_bench;

/// Stops the load at the beginning of its second part until told to go on.
struct Gate {
    reached: mpsc::Sender<()>,
    go: mpsc::Receiver<()>,
}

impl Observer for Gate {
    fn report(&mut self, _: &Finding) -> io::Result<()> {
        Ok(())
    }

    fn phase(&mut self, fase: LoadPhase) {
        if fase == LoadPhase::Writing {
            self.reached.send(()).unwrap();
            // Nor does the test's runtime stop with it.
            tokio::task::block_in_place(|| self.go.recv().unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_is_refused_at_once() {
    let db = test_bench::database().await;
    let (first, second) = (ExtractFiles::of(&[A], &[]), ExtractFiles::of(&[B], &[]));
    let ((reached, at_gate), (go, wait)) = (mpsc::channel(), mpsc::channel());
    let running = tokio::spawn({
        let (pool, fonti) = (db.owner.clone(), first.fonti.clone());
        async move {
            let mut gate = Gate { reached, go: wait };
            load_extract(&pool, &fonti, &all_derived(), &clock(), &mut gate).await
        }
    });
    tokio::task::spawn_blocking(move || at_gate.recv().unwrap())
        .await
        .unwrap();
    let (esito, _) = second.load(&db.owner).await;
    assert!(matches!(esito, Err(LoadError::InProgress)), "{esito:?}");
    assert_eq!(visible(&db.owner, 1).await, [""; 0]);
    go.send(()).unwrap();
    assert!(matches!(running.await.unwrap(), Ok(LoadOutcome::Loaded(_))));
    assert_eq!(second.must_load(&db.owner).await.rilevazione, 2);
}

/// Fails when told something.
struct FullDevice;

impl Observer for FullDevice {
    fn report(&mut self, _: &Finding) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }
}

#[tokio::test]
async fn a_list_of_rejects_that_cannot_be_written_ends_the_load() {
    let db = test_bench::database().await;
    let doubtful = A.replace("7012345662", "7012345663");
    // Many blocks, so that the reader is ahead when nobody receives any more.
    let rows: Vec<String> = (0..20_000)
        .map(|i| doubtful.replace("112233", &i.to_string()))
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let estratto = ExtractFiles::of(&rows, &[]);
    let esito = load_extract(
        &db.owner,
        &estratto.fonti,
        &all_derived(),
        &clock(),
        &mut FullDevice,
    )
    .await;
    assert!(matches!(esito, Err(LoadError::Observer(_))), "{esito:?}");
    // It left nothing behind that holds up the next one.
    assert_eq!(estratto.must_load(&db.owner).await.warnings, 20_000);
}
