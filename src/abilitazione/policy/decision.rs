//! What a profile may do in a call, and Casbin's answers that say so.

use std::collections::{BTreeMap, BTreeSet};

/// What one profile may do in one call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallDecision {
    pub(super) rpc: String,
    pub(super) filtri: BTreeSet<String>,
    pub(super) colonne: BTreeSet<String>,
}

impl CallDecision {
    /// The call: `"DecreeService/ListDecrees"`.
    #[must_use]
    pub fn rpc(&self) -> &str {
        &self.rpc
    }

    /// The filters that may be used.
    #[must_use]
    pub fn filtri(&self) -> &BTreeSet<String> {
        &self.filtri
    }

    /// The columns that are seen.
    #[must_use]
    pub fn colonne(&self) -> &BTreeSet<String> {
        &self.colonne
    }

    /// Whether a filter may be used. A name that the contract does not have: no.
    #[must_use]
    pub fn filtro(&self, nome: &str) -> bool {
        self.filtri.contains(nome)
    }

    /// Whether a column is seen. A name that the contract does not have: no.
    #[must_use]
    pub fn colonna(&self, nome: &str) -> bool {
        self.colonne.contains(nome)
    }
}

/// Casbin's answers about one profile, calls that are not allowed included.
#[derive(Debug, Default)]
pub(super) struct CasbinAnswers(pub(super) BTreeMap<String, (bool, CallDecision)>);

impl CasbinAnswers {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &CallDecision)> {
        self.0
            .iter()
            .map(|(rpc, (_, decisione))| (rpc.as_str(), decisione))
    }

    pub(super) fn may_call(&self, rpc: &str) -> bool {
        self.0.get(rpc).is_some_and(|(allowed, _)| *allowed)
    }

    pub(super) fn may_see(&self, rpc: &str, colonna: &str) -> bool {
        self.0
            .get(rpc)
            .is_some_and(|(_, decisione)| decisione.colonne.contains(colonna))
    }
}
