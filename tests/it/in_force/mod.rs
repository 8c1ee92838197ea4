//! What was granted ends where it ends, at once: for the next call of every instance, and for the streams under way.

mod held_open;
mod new_calls;
mod under_way;

use std::time::Duration;

use omnia::abilitazione::grants::{self, Azione};
use tokio::time::Instant;
use tonic::Status;

use crate::{
    abilitazione::{motivo, operatore},
    calls::call_rpc,
    errors::contract_error,
    server::{CallerClients, TestServer},
};

/// The cheapest call that needs a grant.
const ACCESS: &str = "AccessService/GetMyAccess";

/// Takes a step with a grant, as another than who gave it.
async fn step(service: &TestServer, id: i64, azione: Azione) {
    let (operatore, motivo) = (operatore("carla"), motivo("prova"));
    let owner = &service.db.owner;
    grants::advance(owner, &service.clock, id, azione, &operatore, &motivo)
        .await
        .unwrap();
}

/// `"OK"`, or the reason.
fn outcome<T>(answer: &Result<T, Status>) -> &'static str {
    match answer {
        Ok(_) => "OK",
        Err(status) => contract_error(status).reason.as_str_name(),
    }
}

/// Calls until the outcome is the one expected; how long that took. The outcome may be no other than the one before.
async fn wait_until_it_is(client: &mut CallerClients, before: &str, then: &str) -> Duration {
    let begin = Instant::now();
    loop {
        let asked = begin.elapsed();
        let answer = call_rpc(client, ACCESS, "").await;
        let esito = outcome(&answer);
        if esito == then {
            return asked;
        }
        assert_eq!(esito, before, "on the way to {then}");
        assert!(asked < Duration::from_secs(20), "still {before}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
