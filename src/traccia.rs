//! What becomes known of a call on its way, for the audit log.
//!
//! ```text
//! audit layer ── new Traccia ──► guardia: who, grant, decision ──► permetti: selection ──► service: rilevazione, rows
//!      ▲                                                                                                │
//!      └────────────────────────── the record, before the first byte of the answer ◄────────────────────┘
//! ```
//!
//! One [`Traccia`] travels in the extensions of the request; whoever learns something writes it down where it is learnt. The
//! access layer hands it on inside the proof (`Permesso`), so a query that was allowed is a query that was noted.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::error::Error;

/// A caller's own clock runs as ours does: one that gives up so soon before its deadline gave up because of it.
const SUBITO_PRIMA: Duration = Duration::from_millis(50);

/// What is known of one call. Cheap to clone: all clones are of the same call.
#[derive(Debug, Clone, Default)]
pub struct Traccia(Arc<Mutex<Fatti>>);

/// See [`Traccia`]. `None`: not known, or there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fatti {
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
    pub selezione: Vec<(&'static str, Valore)>,
    /// The rilevazione that was read.
    pub rilevazione: Option<i32>,
    /// Whether the access layer let the call in, whatever became of it then.
    pub ammessa: bool,
    /// Whether the access layer let the call in, and nothing refused it since.
    pub consentita: bool,
    /// The version of the policy that decided.
    pub politica: Option<String>,
    /// Rows of the answer.
    pub righe: Option<u64>,
    /// When the caller stops waiting. Not in the log.
    pub scadenza: Option<Instant>,
    /// Where a stream that breaks now can be taken up again: what the error calls it, and its value. Not in the log.
    pub ripresa: Option<(&'static str, String)>,
}

/// A value of a selection, as far as a log may hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Valore {
    /// As it was asked for. The log hides the codici fiscali in it.
    Testo(String),
    /// A codice fiscale, of a company too: kept as a keyed hash.
    CodiceFiscale(String),
}

impl Valore {
    /// The value itself, for whoever asked by it; never for a log.
    #[must_use]
    pub fn in_chiaro(self) -> String {
        match self {
            Self::Testo(testo) | Self::CodiceFiscale(testo) => testo,
        }
    }
}

impl Traccia {
    /// Writes down what was learnt.
    pub fn nota(&self, learn: impl FnOnce(&mut Fatti)) {
        learn(&mut self.lock());
    }

    /// Adds rows of the answer.
    pub fn righe(&self, righe: usize) {
        self.nota(|fatti| {
            let righe = u64::try_from(righe).unwrap_or(u64::MAX);
            fatti.righe = Some(fatti.righe.unwrap_or(0).saturating_add(righe));
        });
    }

    /// An error that ends the stream half-way, with the place to go on from where one is known.
    #[must_use]
    pub fn con_ripresa(&self, error: Error) -> Error {
        match self.lock().ripresa.clone() {
            Some((nome, valore)) => error.with(nome, valore),
            None => error,
        }
    }

    /// Whether the caller has stopped waiting, as far as its deadline tells.
    #[must_use]
    pub fn is_scaduta(&self) -> bool {
        let scadenza = self.lock().scadenza;
        scadenza.is_some_and(|at| Instant::now() + SUBITO_PRIMA >= at)
    }

    /// What is known so far.
    #[must_use]
    pub fn fatti(&self) -> Fatti {
        self.lock().clone()
    }

    /// As [`Traccia::fatti`], taken: for the last reader.
    #[must_use]
    pub fn prendi(&self) -> Fatti {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Fatti> {
        // Facts are written one by one: what a panic left behind is still true.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_are_of_the_same_call() {
        let traccia = Traccia::default();
        traccia.clone().nota(|f| f.rilevazione = Some(3));
        traccia.righe(2);
        traccia.clone().righe(5);
        let fatti = traccia.fatti();
        assert_eq!((fatti.rilevazione, fatti.righe), (Some(3), Some(7)));
        assert_eq!(traccia.prendi(), fatti);
        assert_eq!(traccia.fatti(), Fatti::default());
    }
}
