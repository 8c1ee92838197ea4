//! The decision table of the shipped policy, made once for all tests: Casbin computes for a while.

use std::sync::Arc;

use omnia::{
    abilitazione::{ActivePolicy, DecisionTable, PolicySource},
    contract::vocabulary::Vocabulary,
};
use tokio::sync::OnceCell;

/// The table of the shipped policy.
pub async fn table() -> Arc<DecisionTable> {
    static TABLE: OnceCell<Arc<DecisionTable>> = OnceCell::const_new();
    let build = async || {
        let vocabulary = Vocabulary::of_contract().unwrap();
        let table = DecisionTable::build(&PolicySource::embedded(), &vocabulary).await;
        Arc::new(table.unwrap())
    };
    Arc::clone(TABLE.get_or_init(build).await)
}

/// The shipped policy, in force for this test alone.
pub async fn policy() -> ActivePolicy {
    ActivePolicy::new(table().await)
}
