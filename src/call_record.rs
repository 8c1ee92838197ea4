//! What becomes known of a call on its way, for the audit log.
//!
//! ```text
//! audit layer ── new CallRecord ──► authorizer: who, grant, decision ──► permit: selection ──► service: rilevazione, rows
//!      ▲                                                                                                │
//!      └────────────────────────── the record, before the first byte of the answer ◄────────────────────┘
//! ```
//!
//! One [`CallRecord`] travels in the extensions of the request; each layer writes down what it learns. The
//! access layer hands it on inside the proof (`Permesso`), so a query that was allowed is a query that was noted.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::error::Error;

/// A caller's own clock runs as ours does: one that gives up so soon before its deadline gave up because of it.
const JUST_BEFORE: Duration = Duration::from_millis(50);

/// The trace that a call is recorded under: in the extensions of its answer, for whoever tells the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceId(pub String);

/// What is left of a quota after a call, as this instance knows it: in the extensions of its answer, for whoever tells the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaLeft {
    /// Calls.
    pub limit: u32,
    /// Calls that are left.
    pub remaining: u32,
    /// Until there are all of them again.
    pub reset: Duration,
}

/// What is known of one call. Cheap to clone: all clones are of the same call.
#[derive(Debug, Clone, Default)]
pub struct CallRecord(Arc<Mutex<CallFacts>>);

/// See [`CallRecord`]. `None`: not known, or there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallFacts {
    /// The subject of the token.
    pub soggetto: Option<String>,
    /// The issuer of the token: two of them may give the same name.
    pub emittente: Option<String>,
    /// Whose the subject is.
    pub ente: Option<String>,
    /// The grant.
    pub abilitazione: Option<i64>,
    /// Its profile.
    pub profilo: Option<String>,
    /// The person inside the agency, of the tracking evidence.
    pub utente: Option<String>,
    /// The purpose of the voucher.
    pub finalita: Option<String>,
    /// The token's own id.
    pub jti: Option<String>,
    /// The client's address.
    pub indirizzo: Option<IpAddr>,
    /// What was selected, filter by filter.
    pub selezione: Vec<(&'static str, SelectedValue)>,
    /// The rilevazione that was read.
    pub rilevazione: Option<i32>,
    /// Whether the access layer let the call in, whatever became of it then.
    pub admitted: bool,
    /// Whether the access layer let the call in, and nothing refused it since.
    pub permitted: bool,
    /// `REST`: it came in HTTP and JSON. `GRPC_WEB`: from a page in a browser. `CRUSCOTTO`: a page of ours made it. `None`: by gRPC.
    pub via: Option<&'static str>,
    /// The version of the policy that decided.
    pub politica: Option<String>,
    /// Rows of the answer.
    pub righe: Option<u64>,
    /// What is left of the calls of a day, else of a second. `None`: there is no such quota. Not in the log.
    pub quota: Option<QuotaLeft>,
    /// When the caller stops waiting. Not in the log.
    pub deadline: Option<Instant>,
    /// Where a stream that breaks now can be taken up again: what the error calls it, and its value. Not in the log.
    pub resume_point: Option<(&'static str, String)>,
}

/// A value of a selection, as far as a log may hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectedValue {
    /// As it was asked for. The log hides the codici fiscali in it.
    Text(String),
    /// A codice fiscale, of a company too: kept as a keyed hash.
    CodiceFiscale(String),
}

impl SelectedValue {
    /// The value itself, for the caller who asked by it; never for a log.
    #[must_use]
    pub fn into_plain_text(self) -> String {
        match self {
            Self::Text(testo) | Self::CodiceFiscale(testo) => testo,
        }
    }
}

impl CallRecord {
    /// Writes down what was learnt.
    pub fn note(&self, learn: impl FnOnce(&mut CallFacts)) {
        learn(&mut self.lock());
    }

    /// Adds rows of the answer.
    pub fn add_rows(&self, righe: usize) {
        self.note(|facts| {
            let righe = u64::try_from(righe).unwrap_or(u64::MAX);
            facts.righe = Some(facts.righe.unwrap_or(0).saturating_add(righe));
        });
    }

    /// An error that ends the stream half-way, with the place to go on from where one is known.
    #[must_use]
    pub fn with_resume_point(&self, error: Error) -> Error {
        match self.lock().resume_point.clone() {
            Some((nome, value)) => error.with(nome, value),
            None => error,
        }
    }

    /// Whether the caller has stopped waiting, as far as its deadline tells.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        let expiry = self.lock().deadline;
        expiry.is_some_and(|at| Instant::now() + JUST_BEFORE >= at)
    }

    /// What is left of a quota.
    #[must_use]
    pub fn quota(&self) -> Option<QuotaLeft> {
        self.lock().quota
    }

    /// What is known so far.
    #[must_use]
    pub fn facts(&self) -> CallFacts {
        self.lock().clone()
    }

    /// As [`CallRecord::facts`], taken: for the last reader.
    #[must_use]
    pub fn take(&self) -> CallFacts {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, CallFacts> {
        // Facts are written one by one: what a panic left behind is still true.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_are_of_the_same_call() {
        let traccia = CallRecord::default();
        traccia.clone().note(|f| f.rilevazione = Some(3));
        traccia.add_rows(2);
        traccia.clone().add_rows(5);
        let facts = traccia.facts();
        assert_eq!((facts.rilevazione, facts.righe), (Some(3), Some(7)));
        assert_eq!(traccia.take(), facts);
        assert_eq!(traccia.facts(), CallFacts::default());
    }
}
