//! Which issuers can work.

use std::collections::BTreeSet;

use super::{
    AccessSettings, IssuerSettings,
    check::{Checked, not_blank, within},
};
use crate::abilitazione::{
    authn::{EvidenceRequirement, IssuerKind, PublicUrl},
    grants::Ente,
};

impl AccessSettings {
    pub(super) fn check_issuers(&self) -> Checked {
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

impl IssuerSettings {
    fn check(&self) -> Checked {
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
