//! How the parts of the service are: for health checks and metrics.
//!
//! ```text
//! ActivePolicy ── ComponentHealth "policy" ──┐                      ┌──► gRPC health, by the component's name
//! KeySource ───── ComponentHealth "keys" ────┼─► HealthRegistry ────┤
//! TLS ─────────── ComponentHealth "tls" ─────┘                      │
//!                                                                   └──► omnia.reload.count, .in_force, .last_success, .version
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
pub struct HealthRegistry(watch::Sender<BTreeMap<&'static str, bool>>);

/// A component whose files are reloaded while the service runs: its reloader reports here.
#[derive(Debug)]
pub struct ComponentHealth {
    nome: &'static str,
    health_registry: HealthRegistry,
    /// The version that was said last.
    versione: String,
}

impl Default for HealthRegistry {
    fn default() -> Self {
        Self(watch::Sender::new(BTreeMap::new()))
    }
}

impl HealthRegistry {
    /// A component by its name in health checks (`policy`). It is well until it says otherwise.
    #[must_use]
    pub fn component(&self, nome: &'static str) -> ComponentHealth {
        let component = ComponentHealth {
            nome,
            health_registry: self.clone(),
            versione: String::new(),
        };
        component.set(true);
        component
    }

    /// The components and whether each is well; the receiver learns of every change.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<BTreeMap<&'static str, bool>> {
        self.0.subscribe()
    }
}

impl ComponentHealth {
    /// What is on disk is in force, as this instant shows: well.
    pub fn in_force(&mut self, versione: &str, istante: DateTime<Utc>) {
        telemetry::record_version(self.nome, &self.versione, versione, istante);
        versione.clone_into(&mut self.versione);
        self.set(true);
    }

    /// A reload was accepted: counted.
    pub fn accepted(&self) {
        telemetry::record_reload(self.nome, true);
    }

    /// A reload was refused: counted, and not well. The reason belongs in the log.
    pub fn refused(&self) {
        telemetry::record_reload(self.nome, false);
        self.set(false);
    }

    /// What is on disk is not what is in force, and it is not known yet whether it can be: not well, and no reload.
    pub fn differs_on_disk(&self) {
        self.set(false);
    }

    fn set(&self, well: bool) {
        telemetry::record_in_force(self.nome, well);
        self.health_registry
            .0
            .send_if_modified(|states| states.insert(self.nome, well) != Some(well));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_are_told() {
        let now = DateTime::UNIX_EPOCH;
        let health_registry = HealthRegistry::default();
        let mut policy = health_registry.component("policy");
        let tls = health_registry.component("tls");
        let mut receiver = health_registry.subscribe();
        policy.in_force("one", now);
        tls.accepted();
        assert!(!receiver.has_changed().unwrap());
        policy.refused();
        assert!(receiver.has_changed().unwrap());
        let states = receiver.borrow_and_update().clone();
        assert_eq!(states, BTreeMap::from([("policy", false), ("tls", true)]));
        policy.refused();
        assert!(!receiver.has_changed().unwrap());
        policy.in_force("two", now);
        assert!(receiver.borrow_and_update()["policy"]);
    }
}
