//! The decision table: Casbin's answers, ready.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{PolicyErrors, Sorgente, casbin, check, model, rows};
use crate::abilitazione::Vocabulary;

/// What every profile may do under one policy.
#[derive(Debug)]
pub struct Tabella {
    versione: String,
    profili: BTreeMap<String, Arc<Profilo>>,
}

/// What one profile may do.
#[derive(Debug, PartialEq, Eq)]
pub struct Profilo {
    nome: String,
    /// Only the calls that are allowed.
    chiamate: BTreeMap<String, Arc<Decisione>>,
}

/// What one profile may do in one call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisione {
    pub(super) rpc: String,
    pub(super) filtri: BTreeSet<String>,
    pub(super) colonne: BTreeSet<String>,
}

/// Casbin's answers about one profile, calls that are not allowed included.
#[derive(Debug, Default)]
pub(super) struct Risposte(pub(super) BTreeMap<String, (bool, Decisione)>);

impl Risposte {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Decisione)> {
        self.0
            .iter()
            .map(|(rpc, (_, decisione))| (rpc.as_str(), decisione))
    }

    pub(super) fn chiama(&self, rpc: &str) -> bool {
        self.0.get(rpc).is_some_and(|(allowed, _)| *allowed)
    }

    pub(super) fn vede(&self, rpc: &str, colonna: &str) -> bool {
        self.0
            .get(rpc)
            .is_some_and(|(_, decisione)| decisione.colonne.contains(colonna))
    }
}

impl Tabella {
    /// Checks a policy and asks Casbin for everything.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub async fn build(sorgente: &Sorgente, vocabulary: &Vocabulary) -> Result<Self, PolicyErrors> {
        let mut errors = model::check(&sorgente.model);
        let (righe, mut bad_rows) = rows::parse(&sorgente.policy, vocabulary);
        errors.append(&mut bad_rows);
        errors.append(&mut check::rows(&righe, vocabulary));
        if !errors.is_empty() {
            return Err(PolicyErrors(errors));
        }
        let risposte = casbin::ask(&sorgente.model, &righe, vocabulary)
            .await
            .map_err(PolicyErrors)?;
        for (profilo, risposte) in &risposte {
            errors.append(&mut check::answers(profilo, risposte, vocabulary));
        }
        if !errors.is_empty() {
            return Err(PolicyErrors(errors));
        }
        let profili = risposte
            .into_iter()
            .map(|(nome, risposte)| (nome.clone(), Arc::new(Profilo::new(nome, risposte))))
            .collect();
        Ok(Self {
            versione: sorgente.versione(),
            profili,
        })
    }

    /// The policy's version.
    #[must_use]
    pub fn versione(&self) -> &str {
        &self.versione
    }

    /// A profile, if the policy has it.
    #[must_use]
    pub fn profilo(&self, nome: &str) -> Option<&Arc<Profilo>> {
        self.profili.get(nome)
    }

    /// Every profile, by name.
    pub fn profili(&self) -> impl Iterator<Item = &Profilo> {
        self.profili.values().map(AsRef::as_ref)
    }
}

impl Profilo {
    fn new(nome: String, risposte: Risposte) -> Self {
        let chiamate = risposte
            .0
            .into_iter()
            .filter(|(_, (allowed, _))| *allowed)
            .map(|(rpc, (_, decisione))| (rpc, Arc::new(decisione)))
            .collect();
        Self { nome, chiamate }
    }

    /// Its name.
    #[must_use]
    pub fn nome(&self) -> &str {
        &self.nome
    }

    /// What it may do in a call; `None`: it may not call it.
    #[must_use]
    pub fn decisione(&self, rpc: &str) -> Option<&Arc<Decisione>> {
        self.chiamate.get(rpc)
    }

    /// What it may do in each call that it may make, by call.
    pub fn decisioni(&self) -> impl Iterator<Item = &Decisione> {
        self.chiamate.values().map(AsRef::as_ref)
    }
}

impl Decisione {
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
