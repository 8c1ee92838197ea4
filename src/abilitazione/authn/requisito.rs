//! Which evidence is required of whom.

use serde::Deserialize;

/// An evidence that is required.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Requisito {
    /// None. One that is there is verified all the same.
    #[default]
    #[serde(rename = "nessuna")]
    Nessuna,
    /// AUDIT_REST_01, or better.
    #[serde(rename = "01")]
    AuditRest01,
    /// AUDIT_REST_02: the voucher names it.
    #[serde(rename = "02")]
    AuditRest02,
}

/// What is required of each ente.
#[derive(Debug, Clone, Default)]
pub struct Requisiti {
    /// Of an ente that is not listed.
    pub altri: Requisito,
    /// Of these.
    pub per_ente: Vec<(String, Requisito)>,
}

impl Requisiti {
    /// What is required of this ente.
    #[must_use]
    pub fn di(&self, ente: &str) -> Requisito {
        self.per_ente
            .iter()
            .find(|(nome, _)| nome == ente)
            .map_or(self.altri, |(_, requisito)| *requisito)
    }
}
