//! What was granted ends where it ends, at once: for the next call of every instance, and for the streams under way.

mod attesa;
mod corsa;
mod passi;

use std::time::Duration;

use omnia::abilitazione::grants::{self, Azione};
use tokio::time::Instant;
use tonic::Status;

use crate::{
    abilitazione::{motivo, operatore},
    chiamate::chiama,
    errore::errore,
    servizio::{Cliente, Servizio},
};

/// The cheapest call that needs a grant.
const ACCESSO: &str = "AccessService/GetMyAccess";

/// Takes a step with a grant, as another than who gave it.
async fn passo(servizio: &Servizio, id: i64, azione: Azione) {
    let (operatore, motivo) = (operatore("carla"), motivo("prova"));
    let owner = &servizio.db.owner;
    grants::avanza(owner, &servizio.clock, id, azione, &operatore, &motivo)
        .await
        .unwrap();
}

/// `"OK"`, or the reason.
fn esito<T>(answer: &Result<T, Status>) -> &'static str {
    match answer {
        Ok(_) => "OK",
        Err(status) => errore(status).reason.as_str_name(),
    }
}

/// Calls until the outcome is the one expected; how long that took. The outcome may be no other than the one before.
async fn diventa(cliente: &mut Cliente, prima: &str, poi: &str) -> Duration {
    let begin = Instant::now();
    loop {
        let asked = begin.elapsed();
        let answer = chiama(cliente, ACCESSO, "").await;
        let esito = esito(&answer);
        if esito == poi {
            return asked;
        }
        assert_eq!(esito, prima, "on the way to {poi}");
        assert!(asked < Duration::from_secs(20), "still {prima}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
