//! `[access]`, of all rooms of this one.

use std::{collections::BTreeSet, path::PathBuf};

use serde::Deserialize;

use crate::{
    abilitazione::{
        authn::{
            EvidenceRequirement, EvidenceSettings, IssuerSettings, KeyLocation, KeySettings,
            PublicUrl,
        },
        grants::Ente,
    },
    setting::{Checked, list, not_blank, within},
};

/// `[access]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessSettings {
    /// The `iss` that a token must have.
    pub issuer: String,
    /// The `aud` that a token must have.
    pub audience: String,
    /// The public keys that sign its tokens (JWK set): a path or a URL. `demo` brings its own; `serve` needs it or `issuers`.
    pub jwks: Option<KeyLocation>,
    /// The enti whose subjects this issuer names: required where there is another issuer; without it, all.
    #[serde(deserialize_with = "list::deserialize")]
    pub enti: Vec<String>,
    /// More issuers.
    pub issuers: Vec<IssuerSettings>,
    /// Where callers reach this service, as they write it in a DPoP proof: `https://host[:port][/path]`. Without it no proof
    /// is accepted.
    #[serde(deserialize_with = "list::deserialize")]
    pub public_urls: Vec<String>,
    /// How keys are kept fresh.
    pub keys: KeySettings,
    /// The tracking evidence.
    pub evidence: EvidenceSettings,
    /// Directory with `model.conf` and `policy.csv`. Without it, the ones built in.
    pub policy_dir: Option<PathBuf>,
    /// Allowed difference between the issuer's clock and ours.
    pub leeway_seconds: u64,
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self {
            issuer: "https://omnia.demo.invalid".to_owned(),
            audience: "omnia-is-monitoraggio".to_owned(),
            jwks: None,
            enti: Vec::new(),
            issuers: Vec::new(),
            public_urls: Vec::new(),
            keys: KeySettings::default(),
            evidence: EvidenceSettings::default(),
            policy_dir: None,
            leeway_seconds: 30,
        }
    }
}

impl AccessSettings {
    pub(crate) fn check(&self) -> Checked {
        not_blank("access.issuer", &self.issuer)?;
        not_blank("access.audience", &self.audience)?;
        within("access.leeway_seconds", self.leeway_seconds, 0..=300)?;
        self.check_issuers()
    }
}

impl AccessSettings {
    fn check_issuers(&self) -> Checked {
        let mut names = BTreeSet::new();
        if self.jwks.is_some() {
            names.insert(self.issuer.as_str());
        }
        for issuer in &self.issuers {
            issuer.check()?;
            if !names.insert(&issuer.issuer) {
                return Err(format!(
                    "settings: access.issuers: two issuers are called {:?} (access.issuer counts where access.jwks is set)",
                    issuer.issuer
                ));
            }
        }
        self.check_enti()?;
        for url in &self.public_urls {
            PublicUrl::parse(url)
                .map_err(|why| format!("settings: access.public_urls: {url:?} {why}"))?;
        }
        for ente in self.evidence.per_ente.keys() {
            known("access.evidence.per_ente", ente)?;
        }
        let required = std::iter::once(&self.evidence.default)
            .chain(self.evidence.per_ente.values())
            .any(|level| *level != EvidenceRequirement::NotRequired);
        if required && self.evidence.jwks.is_none() {
            return Err(
                "settings: access.evidence requires an evidence that could never be verified: set access.evidence.jwks"
                    .to_owned(),
            );
        }
        let keys = self.keys;
        within("access.keys.cache_seconds", keys.cache_seconds, 1..=86_400)?;
        within(
            "access.keys.min_refetch_seconds",
            keys.min_refetch_seconds,
            1..=3600,
        )?;
        within(
            "access.keys.stale_seconds",
            keys.stale_seconds,
            10..=604_800,
        )?;
        within(
            "access.keys.file_stale_seconds",
            keys.file_stale_seconds,
            10..=604_800,
        )
    }
}

impl AccessSettings {
    /// Whether it is said whose names each issuer gives: with more than one, none may give all.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn check_enti(&self) -> Checked {
        for ente in &self.enti {
            known("access.enti", ente)?;
        }
        for ente in self.issuers.iter().flat_map(|issuer| &issuer.enti) {
            known("access.issuers.enti", ente)?;
        }
        let single = self
            .jwks
            .iter()
            .map(|_| ("access.enti", &self.issuer, &self.enti));
        let listed = self
            .issuers
            .iter()
            .map(|issuer| ("access.issuers.enti", &issuer.issuer, &issuer.enti));
        let all: Vec<_> = single.chain(listed).collect();
        match all.iter().find(|(_, _, enti)| enti.is_empty()) {
            Some((key, issuer, _)) if all.len() > 1 => Err(format!(
                "settings: {key} of {issuer:?} is not set: with more than one issuer, each says of which enti (MLPS, MEF, INPS) \
                 its subjects are, for else one could name a client like another's"
            )),
            _ => Ok(()),
        }
    }
}

fn known(key: &str, ente: &str) -> Checked {
    ente.parse::<Ente>()
        .map(drop)
        .map_err(|_| format!("settings: {key}: there is no ente {ente:?}"))
}
