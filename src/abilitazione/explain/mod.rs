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

mod decisione;
mod domanda;
mod risposta;
pub(crate) mod service;
mod titolo;

use std::sync::Arc;

use sqlx::PgPool;
use tokio::sync::Semaphore;

pub(super) use self::domanda::Domanda;
use self::{
    decisione::{Chiamante, decidi},
    domanda::{Chi, Chiesto},
    titolo::Titolo,
};
use super::{PolicyErrors, Politica, Sorgente, Tabella, differenze};
use crate::{
    clock::Clock,
    contract::{
        proto::{ExplainAccessRequest, ExplainAccessResponse, PoliticaProposta},
        vocabulary::Vocabulary,
    },
    error::{Error, Result, Violation},
    valori::Difetto,
};

/// Answers why. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Spiega {
    politica: Politica,
    vocabulary: Arc<Vocabulary>,
    /// Of the grants; without it only profiles can be asked about.
    pool: Option<PgPool>,
    clock: Clock,
    /// A proposed policy takes a core for a moment: one at a time, so that it never takes two.
    proposte: Arc<Semaphore>,
}

impl Spiega {
    /// Answers by this policy, with the grants of `pool` (the serving role is enough) at the time of `clock`.
    #[must_use]
    pub fn new(
        politica: Politica,
        vocabulary: Vocabulary,
        pool: Option<PgPool>,
        clock: Clock,
    ) -> Self {
        Self {
            politica,
            vocabulary: Arc::new(vocabulary),
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
    pub async fn spiega(&self, request: ExplainAccessRequest) -> Result<ExplainAccessResponse> {
        let domanda = self.leggi(request)?;
        self.rispondi(&domanda).await
    }

    /// Reads a question.
    ///
    /// # Errors
    /// [`Reason::InvalidRequest`](crate::error::Reason::InvalidRequest) with all that is wrong with it.
    pub(super) fn leggi(&self, request: ExplainAccessRequest) -> Result<Domanda> {
        Domanda::parse(request, &self.vocabulary)
    }

    /// Answers a question.
    ///
    /// # Errors
    /// [`Reason::InvalidRequest`](crate::error::Reason::InvalidRequest) with all that is wrong with a proposed policy; the database's.
    pub(super) async fn rispondi(&self, domanda: &Domanda) -> Result<ExplainAccessResponse> {
        // Once: the whole answer is about one policy.
        let tabella = self.politica.tabella();
        let proposta = match &domanda.proposta {
            Some(policy) => Some(self.build(&tabella, policy.clone()).await?),
            None => None,
        };
        let question = match &domanda.chiesto {
            Some(chiesto) => Some((chiesto, self.chiamante(chiesto).await?)),
            None => None,
        };
        let ask = |tabella: &Tabella| {
            let question = question.as_ref();
            question
                .map(|(chiesto, chiamante)| decidi(tabella, chiesto, chiamante))
                .transpose()
        };
        Ok(ExplainAccessResponse {
            politica: Some(risposta::stato(&self.politica)),
            spiegazione: ask(&tabella)?,
            proposta: match &proposta {
                Some(proposta) => Some(PoliticaProposta {
                    versione: proposta.versione().to_owned(),
                    differenze: differenze(&tabella, proposta)
                        .into_iter()
                        .map(Into::into)
                        .collect(),
                    spiegazione: ask(proposta)?,
                }),
                None => None,
            },
        })
    }

    async fn chiamante(&self, chiesto: &Chiesto) -> Result<Chiamante> {
        let (soggetto, istante, indirizzo) = match &chiesto.chi {
            Chi::Profilo(profilo) => return Ok(Chiamante::Profilo(profilo.clone())),
            Chi::Soggetto {
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
        let titolo = Titolo::di(pool, soggetto, istante, *indirizzo).await?;
        Ok(Chiamante::Soggetto(Box::new(titolo)))
    }

    async fn build(&self, presente: &Tabella, policy: String) -> Result<Tabella> {
        let sorgente = Sorgente {
            model: presente.model().to_owned(),
            policy,
        };
        let closed = |_| Error::internal("the turns of proposed policies have ended");
        let turn = Arc::clone(&self.proposte)
            .acquire_owned()
            .await
            .map_err(closed)?;
        let vocabulary = Arc::clone(&self.vocabulary);
        // A task of its own: a caller that goes away does not give the turn back before the work is done.
        let built = tokio::spawn(async move {
            let built = Tabella::build_apart(sorgente, vocabulary).await;
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
            difetto: Difetto::detto(
                reason.clone(),
                format!("la policy proposta non è valida: {reason}"),
            ),
        }
    });
    let mut error = Error::invalid(violations.collect());
    error.message = "the proposed policy is refused".into();
    error
}
