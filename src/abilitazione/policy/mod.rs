//! What each profile may do: Casbin decides, ahead of time.
//!
//! ```text
//! model.conf ─┐                    every (profile × rpc × tipo × nome)
//! policy.csv ─┴─► checked rows ──► Casbin enforce, once each ──► DecisionTable ──► ArcSwap ──► the calls
//!                 │ all the errors       │ an allow that no row states          ▲
//!                 ▼                      ▼ is refused                           │ only a whole, good
//!               refused               refused                                   │ table gets here
//! ```
//!
//! Casbin runs a script for each row of the policy, so no call waits for it: a call looks its answer up. Casbin forgives
//! what a policy should not be forgiven (it drops rows of an unknown type, ignores an effect written `Deny`, and an empty
//! policy may allow), so the rows are checked before it sees them.
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use omnia::{
//!     abilitazione::{ActivePolicy, PolicySource},
//!     contract::vocabulary::Vocabulary,
//! };
//!
//! let vocabulary = Vocabulary::of_contract().unwrap();
//! let politica = ActivePolicy::load(&PolicySource::embedded(), &vocabulary).await.unwrap();
//! let table = politica.table();
//! let rgs = table.profilo("mef-rgs").unwrap();
//! let list = rgs.decision("DecreeService/ListDecrees").unwrap();
//! assert!(list.filtro("periodo") && !list.filtro("cf_azienda"));
//! # });
//! ```

mod casbin;
mod check;
mod decision;
mod difference;
mod explain;
mod matrix;
mod model;
mod on_disk;
#[cfg(test)]
mod reload_tests;
mod rows;
mod source;
mod table;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use arc_swap::{ArcSwap, ArcSwapOption};
use chrono::{DateTime, Utc};
use tokio::sync::watch;

pub use decision::CallDecision;
pub use difference::{PolicyDifference, differences};
pub use explain::{PolicyExplanation, PolicyRow};
pub use matrix::matrix;
pub use on_disk::PolicyOnDisk;
pub use source::PolicySource;
pub use table::{DecisionTable, Profilo};

use crate::{contract::vocabulary::Vocabulary, output::terminal::TerminalLine};

/// One thing that is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// Where: `policy.csv`, `model.conf`.
    pub file: &'static str,
    /// Line and column, from 1; absent where something is missing from the whole file.
    pub at: Option<(usize, usize)>,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some((line, column)) => {
                write!(
                    f,
                    "{}:{line}:{column}: {}",
                    self.file,
                    TerminalLine(&self.reason)
                )
            }
            None => write!(f, "{}: {}", self.file, TerminalLine(&self.reason)),
        }
    }
}

/// Everything that is wrong with a policy, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyErrors(pub Vec<PolicyError>);

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the access policy is refused ({} errors):", self.0.len())?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

impl std::error::Error for PolicyErrors {}

/// The policy in force. Cheap to clone; all clones see a new policy at the same moment.
#[derive(Debug, Clone)]
pub struct ActivePolicy(Arc<ActivePolicyInner>);

#[derive(Debug)]
struct ActivePolicyInner {
    tabella: ArcSwap<DecisionTable>,
    /// The same table, for those who wait for another. Calls do not read this one: it has a lock.
    changes: watch::Sender<Arc<DecisionTable>>,
    /// Of the policy on disk, where that is not the one in force.
    refusal: ArcSwapOption<RejectedPolicy>,
}

/// A policy that was not let in.
#[derive(Debug)]
pub struct RejectedPolicy {
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub errors: PolicyErrors,
}

impl ActivePolicy {
    /// Puts a policy in force.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub async fn load(
        source: &PolicySource,
        vocabulary: &Vocabulary,
    ) -> Result<Self, PolicyErrors> {
        let table = DecisionTable::build(source, vocabulary).await?;
        Ok(Self::new(Arc::new(table)))
    }

    /// Puts a policy in force that was checked before.
    #[must_use]
    pub fn new(table: Arc<DecisionTable>) -> Self {
        Self(Arc::new(ActivePolicyInner {
            tabella: ArcSwap::new(Arc::clone(&table)),
            changes: watch::Sender::new(table),
            refusal: ArcSwapOption::empty(),
        }))
    }

    /// Puts another policy in force, or leaves the present one where the new one is wrong.
    ///
    /// # Errors
    /// All that is wrong with the new one.
    pub async fn reload(
        &self,
        source: &PolicySource,
        vocabulary: &Vocabulary,
    ) -> Result<(), PolicyErrors> {
        self.replace(DecisionTable::build(source, vocabulary).await?);
        Ok(())
    }

    fn replace(&self, tabella: DecisionTable) {
        let tabella = Arc::new(tabella);
        tracing::info!(
            from = self.0.tabella.load().version(),
            to = tabella.version(),
            "access policy replaced"
        );
        // Under the channel's lock, so that a woken stream finds the new table in force.
        self.0.changes.send_modify(|present| {
            self.0.tabella.store(Arc::clone(&tabella));
            *present = tabella;
        });
        self.forget_rejected();
    }

    fn note_rejected(&self, refusal: RejectedPolicy) {
        self.0.refusal.store(Some(Arc::new(refusal)));
    }

    fn forget_rejected(&self) {
        self.0.refusal.store(None);
    }

    /// The policy on disk that was refused last; `None` where the one on disk is in force.
    #[must_use]
    pub fn rejected(&self) -> Option<Arc<RejectedPolicy>> {
        self.0.refusal.load_full()
    }

    /// The table in force now. A call takes it once, so that it is decided by one policy from start to end.
    #[must_use]
    pub fn table(&self) -> Arc<DecisionTable> {
        self.0.tabella.load_full()
    }

    /// For those who must act when the policy changes: the receiver holds the table in force and is woken by the next.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Arc<DecisionTable>> {
        self.0.changes.subscribe()
    }
}
