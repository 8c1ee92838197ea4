//! Who may call at all, as the settings say: issuers and their keys, proofs, evidences.

use std::time::Duration;

use crate::{
    abilitazione::{
        AccessSettings,
        authn::{
            Authenticator, Enti, EvidenceRequirements, EvidenceVerifier, IssuerKind, KeyFreshness,
            KeyLocation, KeySettings, KeySource, PublicUrl, ReplayStore, TrustedIssuer,
        },
    },
    clock::Clock,
    error::Sentence,
};

/// What the settings say of who calls. `register`: where proofs are noted as used; without it none is
/// taken, which is enough to look at one.
///
/// # Errors
/// A sentence: no issuer at all, issuers of whom it is not said whose names they give, or a file of keys that cannot be read.
pub async fn authenticator(
    settings: &AccessSettings,
    register: Option<ReplayStore>,
    clock: Clock,
) -> Result<Authenticator, Sentence> {
    // Again, because a caller may bring keys of its own to settings that were checked.
    settings.check_enti()?;
    let key_freshness = freshness(settings.keys);
    let keys = |source: &KeyLocation| {
        KeySource::from_location(source.clone(), key_freshness, clock.clone())
    };
    let mut issuers = Vec::new();
    if let Some(jwks) = &settings.jwks {
        let audience = vec![settings.audience.clone()];
        let keys = keys(jwks).await?;
        let emittente = TrustedIssuer::new(IssuerKind::Oidc, &*settings.issuer, audience, keys);
        issuers.push(emittente.with_nbf(true).with_enti(enti(&settings.enti)));
    }
    for issuer in &settings.issuers {
        let keys = keys(&issuer.jwks).await?;
        let audience = issuer.audience.clone();
        let mut emittente = TrustedIssuer::new(issuer.kind, &*issuer.issuer, audience, keys)
            .with_enti(enti(&issuer.enti));
        if let Some(claim) = &issuer.subject_claim {
            emittente = emittente.with_subject_claim(claim);
        }
        if let Some(algorithms) = &issuer.algorithms {
            emittente = emittente.with_algorithms(algorithms.clone());
        }
        if let Some(required) = issuer.nbf_required {
            emittente = emittente.with_nbf(required);
        }
        issuers.push(emittente);
    }
    if issuers.is_empty() {
        return Err(
            "set access.jwks: the public keys of whoever signs the tokens (`omnia demo` brings its own), or \
             access.issuers"
                .into(),
        );
    }
    let evidence = match &settings.evidence.jwks {
        None => None,
        Some(source) => {
            let keys = keys(source).await?;
            Some(EvidenceVerifier::new(keys, evidence_audience(settings)))
        }
    };
    let requirements = EvidenceRequirements {
        others: settings.evidence.default,
        by_ente: settings.evidence.per_ente.clone().into_iter().collect(),
    };
    let public_urls = settings
        .public_urls
        .iter()
        .map(|url| {
            PublicUrl::parse(url).map_err(|why| format!("access.public_urls: {url:?} {why}"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let authenticator = Authenticator::new(issuers, settings.leeway_seconds, clock)
        .with_public_urls(public_urls)
        .with_evidence(evidence, requirements);
    Ok(match register {
        Some(replay_store) => authenticator.with_replay_store(replay_store),
        None => authenticator,
    })
}

/// Without any, all: there is one issuer.
fn enti(enti: &[String]) -> Enti {
    if enti.is_empty() {
        return Enti::all();
    }
    Enti::only(enti.iter().map(String::as_str))
}

pub(super) fn freshness(keys: KeySettings) -> KeyFreshness {
    let seconds = |n: u32| Duration::from_secs(n.into());
    KeyFreshness {
        refresh_after: seconds(keys.refresh_seconds()),
        min_interval: seconds(keys.min_refetch_seconds),
        max_age: seconds(keys.stale_seconds),
        file_max_age: seconds(keys.file_stale_seconds),
    }
}

/// For whom an evidence must be: as set, or else the audience of vouchers.
fn evidence_audience(settings: &AccessSettings) -> Vec<String> {
    if !settings.evidence.audience.is_empty() {
        return settings.evidence.audience.clone();
    }
    let single = settings.jwks.is_some().then_some(&settings.audience);
    let issuers = settings.issuers.iter().flat_map(|issuer| &issuer.audience);
    single.into_iter().chain(issuers).cloned().collect()
}
