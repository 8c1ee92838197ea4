//! Two loads at once.

use std::{io, sync::mpsc};

use omnia::rilevazione::{Fase, Observer};

use super::*;
use crate::banco;

/// Stops the load at the beginning of its second part until told to go on.
struct Gate {
    reached: mpsc::Sender<()>,
    go: mpsc::Receiver<()>,
}

impl Observer for Gate {
    fn segnala(&mut self, _: &Segnalazione) -> io::Result<()> {
        Ok(())
    }

    fn fase(&mut self, fase: Fase) {
        if fase == Fase::Scrittura {
            self.reached.send(()).unwrap();
            // Nor does the test's runtime stop with it.
            tokio::task::block_in_place(|| self.go.recv().unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_is_refused_at_once() {
    let db = banco::database().await;
    let (first, second) = (Estratto::of(&[A], &[]), Estratto::of(&[B], &[]));
    let ((reached, at_gate), (go, wait)) = (mpsc::channel(), mpsc::channel());
    let running = tokio::spawn({
        let (pool, fonti) = (db.owner.clone(), first.fonti.clone());
        async move {
            let mut gate = Gate { reached, go: wait };
            carica(&pool, &fonti, &clock(), &mut gate).await
        }
    });
    tokio::task::spawn_blocking(move || at_gate.recv().unwrap())
        .await
        .unwrap();
    let (esito, _) = second.load(&db.owner).await;
    assert!(matches!(esito, Err(LoadError::InCorso)), "{esito:?}");
    assert_eq!(visible(&db.owner, 1).await, [""; 0]);
    go.send(()).unwrap();
    assert!(matches!(running.await.unwrap(), Ok(Esito::Caricata(_))));
    assert_eq!(second.must_load(&db.owner).await.rilevazione, 2);
}

/// Fails when told something.
struct Full;

impl Observer for Full {
    fn segnala(&mut self, _: &Segnalazione) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }
}

#[tokio::test]
async fn a_list_of_rejects_that_cannot_be_written_ends_the_load() {
    let db = banco::database().await;
    let doubtful = A.replace("7012345662", "7012345663");
    // Many blocks, so that the reader is ahead when nobody receives any more.
    let rows: Vec<String> = (0..20_000)
        .map(|i| doubtful.replace("112233", &i.to_string()))
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let estratto = Estratto::of(&rows, &[]);
    let esito = carica(&db.owner, &estratto.fonti, &clock(), &mut Full).await;
    assert!(matches!(esito, Err(LoadError::Observer(_))), "{esito:?}");
    // It left nothing behind that holds up the next one.
    assert_eq!(estratto.must_load(&db.owner).await.avvisi, 20_000);
}
