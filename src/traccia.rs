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
};

/// What is known of one call. Cheap to clone: all clones are of the same call.
#[derive(Debug, Clone, Default)]
pub struct Traccia(Arc<Mutex<Fatti>>);

/// See [`Traccia`]. `None`: not known, or there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fatti {
    /// The subject of the token.
    pub soggetto: Option<String>,
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
    /// Whether the access layer let the call in, and nothing refused it since.
    pub consentita: bool,
    /// The version of the policy that decided.
    pub politica: Option<String>,
    /// Rows of the answer.
    pub righe: Option<u64>,
}

/// A value of a selection, as far as a log may hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Valore {
    /// As it was asked for.
    Testo(String),
    /// The codice fiscale of a natural person: personal data, kept as a keyed hash.
    PersonaFisica(String),
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
