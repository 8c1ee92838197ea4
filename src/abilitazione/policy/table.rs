//! The decision table: Casbin's answers, ready.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    PolicyError, PolicyErrors, PolicySource, casbin, check,
    decision::{CallDecision, CasbinAnswers},
    model,
    rows::{self, ParsedPolicy},
};
use tokio::runtime::Handle;

use crate::contract::vocabulary::Vocabulary;

/// What every profile may do under one policy.
#[derive(Debug)]
pub struct DecisionTable {
    versione: String,
    profili: BTreeMap<String, Arc<Profilo>>,
    /// What it was made of: for those who ask why.
    pub(super) parsed: ParsedPolicy,
    pub(super) source: PolicySource,
}

/// What one profile may do.
#[derive(Debug, PartialEq, Eq)]
pub struct Profilo {
    nome: String,
    /// Only the calls that are allowed.
    chiamate: BTreeMap<String, Arc<CallDecision>>,
}

impl DecisionTable {
    /// Checks a policy and asks Casbin for everything.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub async fn build(
        source: &PolicySource,
        vocabulary: &Vocabulary,
    ) -> Result<Self, PolicyErrors> {
        let mut errors = model::check(&source.model);
        let (righe, mut bad_rows) = rows::parse(&source.policy, vocabulary);
        errors.append(&mut bad_rows);
        errors.append(&mut check::rows(&righe, vocabulary));
        if !errors.is_empty() {
            return Err(PolicyErrors(errors));
        }
        let answers = casbin::ask(&source.model, &righe, vocabulary)
            .await
            .map_err(PolicyErrors)?;
        for (profilo, answers) in &answers {
            errors.append(&mut check::answers(profilo, answers, vocabulary));
        }
        if !errors.is_empty() {
            return Err(PolicyErrors(errors));
        }
        let profili = answers
            .into_iter()
            .map(|(nome, answers)| (nome.clone(), Arc::new(Profilo::new(nome, answers))))
            .collect();
        Ok(Self {
            versione: source.version(),
            profili,
            parsed: righe,
            source: source.clone(),
        })
    }

    /// As [`DecisionTable::build`], on a thread that serves no calls: Casbin computes for a while.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub async fn build_apart(
        source: PolicySource,
        vocabulary: Vocabulary,
    ) -> Result<Self, PolicyErrors> {
        let handle = Handle::current();
        tokio::task::spawn_blocking(move || handle.block_on(Self::build(&source, &vocabulary)))
            .await
            .unwrap_or_else(|error| {
                Err(PolicyErrors(vec![PolicyError {
                    file: rows::FILE,
                    at: None,
                    reason: format!("it could not be checked: {error}"),
                }]))
            })
    }

    /// The text of its model.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.source.model
    }

    /// The policy's version.
    #[must_use]
    pub fn version(&self) -> &str {
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
    fn new(nome: String, answers: CasbinAnswers) -> Self {
        let chiamate = answers
            .0
            .into_iter()
            .filter(|(_, (allowed, _))| *allowed)
            .map(|(rpc, (_, decisione))| (rpc, Arc::new(decisione)))
            .collect();
        Self { nome, chiamate }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.nome
    }

    /// What it may do in a call; `None`: it may not call it.
    #[must_use]
    pub fn decision(&self, rpc: &str) -> Option<&Arc<CallDecision>> {
        self.chiamate.get(rpc)
    }

    /// What it may do in each call that it may make, by call.
    pub fn decisions(&self) -> impl Iterator<Item = &CallDecision> {
        self.chiamate.values().map(AsRef::as_ref)
    }
}
