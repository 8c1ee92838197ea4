//! What each profile may do: Casbin decides, ahead of time.
//!
//! ```text
//! model.conf ─┐                    every (profile × rpc × tipo × nome)
//! policy.csv ─┴─► checked rows ──► Casbin enforce, once each ──► Tabella ──► ArcSwap ──► the calls
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
//! use omnia::abilitazione::{Politica, Sorgente, Vocabulary};
//!
//! let vocabulary = Vocabulary::of_contract().unwrap();
//! let politica = Politica::load(&Sorgente::embedded(), &vocabulary).await.unwrap();
//! let tabella = politica.tabella();
//! let rgs = tabella.profilo("mef-rgs").unwrap();
//! let list = rgs.decisione("DecreeService/ListDecrees").unwrap();
//! assert!(list.filtro("periodo") && !list.filtro("cf_azienda"));
//! # });
//! ```

mod casbin;
mod check;
mod decisione;
mod differenza;
mod matrix;
mod model;
mod perche;
#[cfg(test)]
mod reload_tests;
mod ricarica;
mod rows;
mod sorgente;
mod tabella;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use arc_swap::{ArcSwap, ArcSwapOption};
use chrono::{DateTime, Utc};
use tokio::sync::watch;

pub use decisione::Decisione;
pub use differenza::{Differenza, differenze};
pub use matrix::matrix;
pub use perche::{Perche, Riga};
pub use ricarica::Ricarica;
pub use sorgente::Sorgente;
pub use tabella::{Profilo, Tabella};

use crate::{contract::vocabulary::Vocabulary, output::terminal::Line};

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
                write!(f, "{}:{line}:{column}: {}", self.file, Line(&self.reason))
            }
            None => write!(f, "{}: {}", self.file, Line(&self.reason)),
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
pub struct Politica(Arc<InVigore>);

#[derive(Debug)]
struct InVigore {
    tabella: ArcSwap<Tabella>,
    /// The same table, for those who wait for another. Calls do not read this one: it has a lock.
    cambiamenti: watch::Sender<Arc<Tabella>>,
    /// Of the policy on disk, where that is not the one in force.
    rifiuto: ArcSwapOption<Rifiuto>,
}

/// A policy that was not let in.
#[derive(Debug)]
pub struct Rifiuto {
    /// When.
    pub quando: DateTime<Utc>,
    /// Why.
    pub errori: PolicyErrors,
}

impl Politica {
    /// Puts a policy in force.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub async fn load(sorgente: &Sorgente, vocabulary: &Vocabulary) -> Result<Self, PolicyErrors> {
        let tabella = Arc::new(Tabella::build(sorgente, vocabulary).await?);
        Ok(Self(Arc::new(InVigore {
            tabella: ArcSwap::new(Arc::clone(&tabella)),
            cambiamenti: watch::Sender::new(tabella),
            rifiuto: ArcSwapOption::empty(),
        })))
    }

    /// Puts another policy in force, or leaves the present one where the new one is wrong.
    ///
    /// # Errors
    /// All that is wrong with the new one.
    pub async fn reload(
        &self,
        sorgente: &Sorgente,
        vocabulary: &Vocabulary,
    ) -> Result<(), PolicyErrors> {
        self.sostituisci(Tabella::build(sorgente, vocabulary).await?);
        Ok(())
    }

    fn sostituisci(&self, tabella: Tabella) {
        let tabella = Arc::new(tabella);
        tracing::info!(
            from = self.0.tabella.load().versione(),
            to = tabella.versione(),
            "access policy replaced"
        );
        // Under the channel's lock: whoever is woken finds the new one in force.
        self.0.cambiamenti.send_modify(|present| {
            self.0.tabella.store(Arc::clone(&tabella));
            *present = tabella;
        });
        self.dimentica_rifiuto();
    }

    fn nota_rifiuto(&self, rifiuto: Rifiuto) {
        self.0.rifiuto.store(Some(Arc::new(rifiuto)));
    }

    fn dimentica_rifiuto(&self) {
        self.0.rifiuto.store(None);
    }

    /// The policy on disk that was refused last; `None` where the one on disk is in force.
    #[must_use]
    pub fn rifiuto(&self) -> Option<Arc<Rifiuto>> {
        self.0.rifiuto.load_full()
    }

    /// The table in force now. A call takes it once, so that it is decided by one policy from start to end.
    #[must_use]
    pub fn tabella(&self) -> Arc<Tabella> {
        self.0.tabella.load_full()
    }

    /// For those who must act when the policy changes: the receiver holds the table in force and is woken by the next.
    #[must_use]
    pub fn cambiamenti(&self) -> watch::Receiver<Arc<Tabella>> {
        self.0.cambiamenti.subscribe()
    }
}
