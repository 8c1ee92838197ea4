//! Which evidence is required of whom.

use serde::Deserialize;

/// An evidence that is required.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum EvidenceRequirement {
    /// None. One that is there is verified all the same.
    #[default]
    #[serde(rename = "nessuna")]
    NotRequired,
    /// AUDIT_REST_01, or better.
    #[serde(rename = "01")]
    AuditRest01,
    /// AUDIT_REST_02: the voucher names it.
    #[serde(rename = "02")]
    AuditRest02,
}

/// What is required of each ente.
#[derive(Debug, Clone, Default)]
pub struct EvidenceRequirements {
    /// Of an ente that is not listed.
    pub others: EvidenceRequirement,
    /// Of these.
    pub by_ente: Vec<(String, EvidenceRequirement)>,
}

impl EvidenceRequirements {
    /// What is required of this ente.
    #[must_use]
    pub fn of_ente(&self, ente: &str) -> EvidenceRequirement {
        self.by_ente
            .iter()
            .find(|(nome, _)| nome == ente)
            .map_or(self.others, |(_, requirement)| *requirement)
    }
}
