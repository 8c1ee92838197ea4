//! The audit log, over the real server and a real database.

mod acknowledged;
mod ancorato;
mod interrotto;
mod lotti;
mod missing;
mod persone;
mod potato;
mod prova;
pub mod refused;
mod registrato;
mod ucciso;

use omnia::audit::verifica::{Verifica, verifica};
use serde_json::Value;
use sqlx::PgPool;

/// The records of calls, in order, as JSON: without those of the chains themselves.
pub async fn chiamate(owner: &PgPool) -> Vec<Value> {
    let all: Vec<String> =
        sqlx::query_scalar("select record from audit_record order by catena, numero")
            .fetch_all(owner)
            .await
            .unwrap();
    all.iter()
        .map(|text| serde_json::from_str::<Value>(text).unwrap())
        .filter(|record| record.get("rpc").is_some())
        .collect()
}

/// Verifies, with nothing to complain of.
pub(crate) async fn integro(owner: &PgPool) -> Verifica {
    let verifica = verifica(owner, None, None).await.unwrap();
    assert_eq!(verifica.difformita, []);
    verifica
}
