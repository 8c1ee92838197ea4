//! Why a call is allowed or refused: for the control staff of INPS, and for authors of the policy.
//!
//! ```text
//! profilo ───────────────────────────┐
//! soggetto ─► titolo: its grants, the ├─► the policy in force ──► Spiegazione: yes, or the reason; the grants;
//!             one that counts ────────┘   a proposed one ──────►   the rows that made it, or what is missing
//!                                                        └──────► differenze: what each profile would gain and lose
//! ```
//!
//! As an example: `mef-rgs-be` says that it cannot list a company's decrees. Asked about it, with `DecreeService/ListDecrees`
//! and the filter `cf_azienda`: refused, FILTER_DENIED; grant 5 is ATTIVA and counts; no row of `policy.csv` gives the filter
//! to a role of `mef-rgs`, and the role `decreti-azienda` has it in line 76.
//!
//! The decision comes from the functions that decide on real calls. Nothing is called, and a proposed policy is a value
//! that is dropped with the answer: it cannot get in force from here.

mod decision;
mod question;
mod refusal;
mod response;
pub(crate) mod service;
mod subject_grants;

use std::sync::Arc;

use sqlx::PgPool;
use tokio::sync::Semaphore;

pub(super) use self::question::ExplainQuestion;
use self::{
    decision::{ResolvedCaller, decide},
    question::{AskedCall, AskedCaller},
    subject_grants::SubjectGrants,
};
use super::{ActivePolicy, DecisionTable, PolicyErrors, PolicySource, differences};
use crate::{
    clock::Clock,
    contract::{
        proto::{ExplainAccessRequest, ExplainAccessResponse, PoliticaProposta},
        vocabulary::Vocabulary,
    },
    error::{Error, Result, Violation},
    valori::ValueDefect,
};

/// Answers why. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AccessExplainer {
    politica: ActivePolicy,
    vocabulary: Vocabulary,
    /// Of the grants; without it only profiles can be asked about.
    pool: Option<PgPool>,
    clock: Clock,
    /// A proposed policy takes a core for a moment: one at a time, so that it never takes two.
    proposals: Arc<Semaphore>,
}

impl AccessExplainer {
    /// Answers by this policy, with the grants of `pool` (the serving role is enough) at the time of `clock`.
    #[must_use]
    pub fn new(
        politica: ActivePolicy,
        vocabulary: Vocabulary,
        pool: Option<PgPool>,
        clock: Clock,
    ) -> Self {
        Self {
            politica,
            vocabulary,
            pool,
            clock,
            proposals: Arc::new(Semaphore::new(1)),
        }
    }

    /// Reads a question and answers it.
    ///
    /// # Errors
    /// [`Reason::InvalidRequest`](crate::error::Reason::InvalidRequest) with all that is wrong with the question, or with a
    /// proposed policy; the database's.
    pub async fn explain(&self, request: ExplainAccessRequest) -> Result<ExplainAccessResponse> {
        let explain_question = self.read(request)?;
        self.answer(&explain_question).await
    }

    /// Reads a question.
    ///
    /// # Errors
    /// [`Reason::InvalidRequest`](crate::error::Reason::InvalidRequest) with all that is wrong with it.
    pub(super) fn read(&self, request: ExplainAccessRequest) -> Result<ExplainQuestion> {
        ExplainQuestion::parse(request, &self.vocabulary)
    }

    /// Answers a question.
    ///
    /// # Errors
    /// [`Reason::InvalidRequest`](crate::error::Reason::InvalidRequest) with all that is wrong with a proposed policy; the database's.
    pub(super) async fn answer(
        &self,
        explain_question: &ExplainQuestion,
    ) -> Result<ExplainAccessResponse> {
        // Once: the whole answer is about one policy.
        let table = self.politica.table();
        let proposta = match &explain_question.proposta {
            Some(policy) => Some(self.build(&table, policy.clone()).await?),
            None => None,
        };
        let question = match &explain_question.asked {
            Some(asked) => Some((asked, self.resolve_caller(asked).await?)),
            None => None,
        };
        let ask = |table: &DecisionTable| {
            let question = question.as_ref();
            question
                .map(|(asked, caller)| decide(table, asked, caller))
                .transpose()
        };
        Ok(ExplainAccessResponse {
            politica: Some(response::stato(&self.politica)),
            spiegazione: ask(&table)?,
            proposta: match &proposta {
                Some(proposta) => Some(PoliticaProposta {
                    versione: proposta.version().to_owned(),
                    differenze: differences(&table, proposta)
                        .into_iter()
                        .map(Into::into)
                        .collect(),
                    spiegazione: ask(proposta)?,
                }),
                None => None,
            },
        })
    }

    async fn resolve_caller(&self, asked: &AskedCall) -> Result<ResolvedCaller> {
        let (soggetto, istante, indirizzo) = match &asked.chi {
            AskedCaller::Profilo(profilo) => return Ok(ResolvedCaller::Profilo(profilo.clone())),
            AskedCaller::Soggetto {
                soggetto,
                istante,
                indirizzo,
            } => (soggetto, istante, indirizzo),
        };
        let pool = self
            .pool
            .as_ref()
            .ok_or_else(|| Error::internal("a subject was asked about without a database"))?;
        let istante = istante.unwrap_or_else(|| self.clock.now());
        let grants_of_subject =
            SubjectGrants::of_subject(pool, soggetto, istante, *indirizzo).await?;
        Ok(ResolvedCaller::Soggetto(Box::new(grants_of_subject)))
    }

    async fn build(&self, present: &DecisionTable, policy: String) -> Result<DecisionTable> {
        let source = PolicySource {
            model: present.model().to_owned(),
            policy,
        };
        let closed = |_| Error::internal("the turns of proposed policies have ended");
        let turn = Arc::clone(&self.proposals)
            .acquire_owned()
            .await
            .map_err(closed)?;
        let vocabulary = self.vocabulary.clone();
        // A task of its own: a caller that goes away does not give the turn back before the work is done.
        let built = tokio::spawn(async move {
            let built = DecisionTable::build_apart(source, vocabulary).await;
            drop(turn);
            built
        });
        built
            .await
            .map_err(Error::internal)?
            .map_err(|errors| refused(&errors))
    }
}

/// Of a text that the caller sent, so much is told back.
const MAX_REASON: usize = 200;

/// A proposed policy that is bad: each error under its place.
fn refused(errors: &PolicyErrors) -> Error {
    let violations = errors.0.iter().map(|error| {
        let reason: String = error.reason.chars().take(MAX_REASON).collect();
        let field = match error.at {
            Some((line, column)) => format!("politica_proposta:{line}:{column}"),
            None => "politica_proposta".to_owned(),
        };
        Violation {
            field,
            defect: ValueDefect::owned(
                reason.clone(),
                format!("la policy proposta non è valida: {reason}"),
            ),
        }
    });
    let mut error = Error::invalid(violations.collect());
    error.message = "the proposed policy is refused".into();
    error
}
