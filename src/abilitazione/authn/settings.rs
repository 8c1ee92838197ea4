//! Whose tokens are good, and where their keys come from.
//!
//! ```toml
//! [[access.issuers]]
//! kind = "pdnd"
//! issuer = "interop.pagopa.it"
//! audience = "https://omnia.inps.example/api/v1"
//! jwks = "https://interop.pagopa.it/.well-known/jwks.json"
//! enti = ["MLPS", "MEF"]
//!
//! [[access.issuers]]
//! kind = "oidc"
//! issuer = "https://idp.ministero.example/realms/uffici"
//! audience = "omnia"
//! jwks = "/etc/omnia/idp.json"
//! enti = ["INPS"]
//! subject_claim = "client_id"
//! nbf_required = false
//!
//! [access.evidence]
//! jwks = "https://interop.pagopa.it/keys.json"
//! default = "01"
//! per_ente = { MLPS = "02", INPS = "nessuna" }
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    abilitazione::authn::{EvidenceRequirement, IssuerKind, KeyLocation, SignatureAlgorithm},
    setting::{Checked, list, not_blank},
};

/// One of `[[access.issuers]]`: an array of tables, hence in the file only.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSettings {
    /// What its tokens are like.
    pub kind: IssuerKind,
    /// Their `iss`.
    pub issuer: String,
    /// The `aud` that names this service; several joined by commas, or an array.
    #[serde(deserialize_with = "list::deserialize")]
    pub audience: Vec<String>,
    /// The keys that sign them.
    pub jwks: KeyLocation,
    /// The enti whose subjects it names: required where there is another issuer; without it, all. Issuers that share an ente
    /// share its names.
    #[serde(default, deserialize_with = "list::deserialize")]
    pub enti: Vec<String>,
    /// The claim that is the subject. Without it: `client_id` of PDND, `sub` of the others.
    #[serde(default)]
    pub subject_claim: Option<String>,
    /// Which algorithms it signs with. Without them: RS256 for PDND, RS256 and ES256 for the others.
    #[serde(default)]
    pub algorithms: Option<Vec<SignatureAlgorithm>>,
    /// Whether a token without `nbf` is refused. Without it: yes for PDND, no for the others.
    #[serde(default)]
    pub nbf_required: Option<bool>,
}

/// `[access.keys]`: how keys are kept fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeySettings {
    /// How old keys from a URL may grow before they are fetched again; that happens a fifth of it ahead.
    pub cache_seconds: u32,
    /// The shortest time between two fetches, however many unknown kids come.
    pub min_refetch_seconds: u32,
    /// How long known keys of a URL are believed while it does not answer.
    pub stale_seconds: u32,
    /// How long known keys of a file are believed while what is there cannot be read or is no JWK set.
    pub file_stale_seconds: u32,
}

/// `[access.evidence]`: the tracking evidence, `agid-jwt-trackingevidence`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvidenceSettings {
    /// The keys of the consumers. Without them every evidence is refused.
    pub jwks: Option<KeyLocation>,
    /// The `aud` that names this service. Without it, those of the issuers.
    #[serde(deserialize_with = "list::deserialize")]
    pub audience: Vec<String>,
    /// What is required of an ente that `per_ente` does not name.
    pub default: EvidenceRequirement,
    /// What is required of each ente.
    pub per_ente: BTreeMap<String, EvidenceRequirement>,
}

impl Default for KeySettings {
    fn default() -> Self {
        Self {
            cache_seconds: 300,
            min_refetch_seconds: 30,
            stale_seconds: 6 * 3600,
            file_stale_seconds: 600,
        }
    }
}

impl KeySettings {
    /// How long after a fetch the next one is due.
    #[must_use]
    pub fn refresh_seconds(self) -> u32 {
        (self.cache_seconds - self.cache_seconds / 5).max(1)
    }
}

impl IssuerSettings {
    pub(crate) fn check(&self) -> Checked {
        not_blank("access.issuers.issuer", &self.issuer)?;
        if self.audience.is_empty() || self.audience.iter().any(|aud| aud.trim().is_empty()) {
            return Err("settings: access.issuers.audience must not be blank".to_owned());
        }
        if self.algorithms.as_ref().is_some_and(Vec::is_empty) {
            return Err("settings: access.issuers.algorithms must not be empty".to_owned());
        }
        if self.kind == IssuerKind::Pdnd && self.subject_claim.is_some() {
            return Err(
                "settings: access.issuers.subject_claim is for kind oidc: the subject of a voucher is its client_id"
                    .to_owned(),
            );
        }
        Ok(())
    }
}
