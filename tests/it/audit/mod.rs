//! The audit log, over the real server and a real database.

mod acknowledged;
mod anchored;
mod interrupted;
mod killed;
mod missing;
mod persons;
mod pruned;
mod record_groups;
mod recorded;
pub mod refused;
mod tampering;

use omnia::audit::verify::{Verification, verify};
use serde_json::Value;
use sqlx::PgPool;

/// The records of calls, in order, as JSON: without those of the chains themselves.
pub async fn call_records(owner: &PgPool) -> Vec<Value> {
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
pub(crate) async fn intact(owner: &PgPool) -> Verification {
    let verification = verify(owner, None, None).await.unwrap();
    assert_eq!(verification.faults, []);
    verification
}
