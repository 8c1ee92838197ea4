//! How the parts of the service are: for health checks and metrics.
//!
//! ```text
//! Politica ── Componente "policy" ──┐                 ┌──► gRPC health, by the component's name
//! Chiavi ──── Componente "keys" ────┼─► Salute ───────┤
//! TLS ─────── Componente "tls" ─────┘                 │
//!                                                     └──► omnia.reload.count, .in_force, .last_success, .version
//! ```
//!
//! A component that is unwell leaves the service itself ("") SERVING: a refused policy changes nothing for the callers,
//! and a load balancer that took the instance away for it would make an outage of a typing error. Operators watch the name.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::telemetry;

/// All the components of one server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Salute(watch::Sender<BTreeMap<&'static str, bool>>);

/// One of them, whose files are reloaded while the service runs: whoever does it says here how it went.
#[derive(Debug)]
pub struct Componente {
    nome: &'static str,
    salute: Salute,
    /// The version that was said last.
    versione: String,
}

impl Default for Salute {
    fn default() -> Self {
        Self(watch::Sender::new(BTreeMap::new()))
    }
}

impl Salute {
    /// A component by its name in health checks (`policy`). It is well until it says otherwise.
    #[must_use]
    pub fn componente(&self, nome: &'static str) -> Componente {
        let componente = Componente {
            nome,
            salute: self.clone(),
            versione: String::new(),
        };
        componente.set(true);
        componente
    }

    /// The components and whether each is well; the receiver learns of every change.
    #[must_use]
    pub fn segui(&self) -> watch::Receiver<BTreeMap<&'static str, bool>> {
        self.0.subscribe()
    }
}

impl Componente {
    /// What is on disk is in force, as this instant shows: well.
    pub fn in_vigore(&mut self, versione: &str, istante: DateTime<Utc>) {
        telemetry::record_version(self.nome, &self.versione, versione, istante);
        versione.clone_into(&mut self.versione);
        self.set(true);
    }

    /// A reload was accepted: counted.
    pub fn accettata(&self) {
        telemetry::record_reload(self.nome, true);
    }

    /// A reload was refused: counted, and not well. The reason belongs in the log.
    pub fn rifiutata(&self) {
        telemetry::record_reload(self.nome, false);
        self.set(false);
    }

    /// What is on disk is not what is in force, and it is not known yet whether it can be: not well, and no reload.
    pub fn altro_su_disco(&self) {
        self.set(false);
    }

    fn set(&self, bene: bool) {
        telemetry::record_in_force(self.nome, bene);
        self.salute
            .0
            .send_if_modified(|stati| stati.insert(self.nome, bene) != Some(bene));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_are_told() {
        let now = DateTime::UNIX_EPOCH;
        let salute = Salute::default();
        let mut policy = salute.componente("policy");
        let tls = salute.componente("tls");
        let mut seguito = salute.segui();
        policy.in_vigore("one", now);
        tls.accettata();
        assert!(!seguito.has_changed().unwrap());
        policy.rifiutata();
        assert!(seguito.has_changed().unwrap());
        let stati = seguito.borrow_and_update().clone();
        assert_eq!(stati, BTreeMap::from([("policy", false), ("tls", true)]));
        policy.rifiutata();
        assert!(!seguito.has_changed().unwrap());
        policy.in_vigore("two", now);
        assert!(seguito.borrow_and_update()["policy"]);
    }
}
