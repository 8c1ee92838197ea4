//! Why a call is allowed or refused: for the control staff of INPS, and for whoever writes the policy.
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
    proposte: Arc<Semaphore>,
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
            proposte: Arc::new(Semaphore::new(1)),
        }
    }

    /// Reads a question and answers it.
    ///
    /// # Errors
    /// [`Reason::InvalidRequest`](crate::error::Reason::InvalidRequest) with all that is wrong with the question, or with a
    /// proposed policy; the database's.
    pub async fn explain(&self, request: ExplainAccessRequest) -> Result<ExplainAccessResponse> {
        let domanda = self.read(request)?;
        self.answer(&domanda).await
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
    pub(super) async fn answer(&self, domanda: &ExplainQuestion) -> Result<ExplainAccessResponse> {
        // Once: the whole answer is about one policy.
        let tabella = self.politica.table();
        let proposta = match &domanda.proposta {
            Some(policy) => Some(self.build(&tabella, policy.clone()).await?),
            None => None,
        };
        let question = match &domanda.asked {
            Some(chiesto) => Some((chiesto, self.resolve_caller(chiesto).await?)),
            None => None,
        };
        let ask = |tabella: &DecisionTable| {
            let question = question.as_ref();
            question
                .map(|(chiesto, chiamante)| decide(tabella, chiesto, chiamante))
                .transpose()
        };
        Ok(ExplainAccessResponse {
            politica: Some(response::stato(&self.politica)),
            spiegazione: ask(&tabella)?,
            proposta: match &proposta {
                Some(proposta) => Some(PoliticaProposta {
                    versione: proposta.version().to_owned(),
                    differenze: differences(&tabella, proposta)
                        .into_iter()
                        .map(Into::into)
                        .collect(),
                    spiegazione: ask(proposta)?,
                }),
                None => None,
            },
        })
    }

    async fn resolve_caller(&self, chiesto: &AskedCall) -> Result<ResolvedCaller> {
        let (soggetto, istante, indirizzo) = match &chiesto.chi {
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
        let titolo = SubjectGrants::of_subject(pool, soggetto, istante, *indirizzo).await?;
        Ok(ResolvedCaller::Soggetto(Box::new(titolo)))
    }

    async fn build(&self, presente: &DecisionTable, policy: String) -> Result<DecisionTable> {
        let sorgente = PolicySource {
            model: presente.model().to_owned(),
            policy,
        };
        let closed = |_| Error::internal("the turns of proposed policies have ended");
        let turn = Arc::clone(&self.proposte)
            .acquire_owned()
            .await
            .map_err(closed)?;
        let vocabulary = self.vocabulary.clone();
        // A task of its own: a caller that goes away does not give the turn back before the work is done.
        let built = tokio::spawn(async move {
            let built = DecisionTable::build_apart(sorgente, vocabulary).await;
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
