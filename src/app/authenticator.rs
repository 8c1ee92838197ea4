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

/// What the settings say of who calls. `registro`: where proofs are noted as used; without it none is
/// taken, which is enough to look at one.
///
/// # Errors
/// A sentence: no issuer at all, issuers of whom it is not said whose names they give, or a file of keys that cannot be read.
pub async fn authenticator(
    settings: &AccessSettings,
    registro: Option<ReplayStore>,
    clock: Clock,
) -> Result<Authenticator, Sentence> {
    // Again, for whoever brings keys of its own to settings that were checked.
    settings.check_enti()?;
    let freschezza = freshness(settings.keys);
    let chiavi =
        |fonte: &KeyLocation| KeySource::from_location(fonte.clone(), freschezza, clock.clone());
    let mut emittenti = Vec::new();
    if let Some(jwks) = &settings.jwks {
        let audience = vec![settings.audience.clone()];
        let chiavi = chiavi(jwks).await?;
        let emittente = TrustedIssuer::new(IssuerKind::Oidc, &*settings.issuer, audience, chiavi);
        emittenti.push(emittente.with_nbf(true).with_enti(enti(&settings.enti)));
    }
    for issuer in &settings.issuers {
        let chiavi = chiavi(&issuer.jwks).await?;
        let audience = issuer.audience.clone();
        let mut emittente = TrustedIssuer::new(issuer.kind, &*issuer.issuer, audience, chiavi)
            .with_enti(enti(&issuer.enti));
        if let Some(claim) = &issuer.subject_claim {
            emittente = emittente.with_subject_claim(claim);
        }
        if let Some(algoritmi) = &issuer.algorithms {
            emittente = emittente.with_algorithms(algoritmi.clone());
        }
        if let Some(richiesto) = issuer.nbf_required {
            emittente = emittente.with_nbf(richiesto);
        }
        emittenti.push(emittente);
    }
    if emittenti.is_empty() {
        return Err(
            "set access.jwks: the public keys of whoever signs the tokens (`omnia demo` brings its own), or \
             access.issuers"
                .into(),
        );
    }
    let evidenze = match &settings.evidence.jwks {
        None => None,
        Some(fonte) => {
            let chiavi = chiavi(fonte).await?;
            Some(EvidenceVerifier::new(chiavi, evidence_audience(settings)))
        }
    };
    let requisiti = EvidenceRequirements {
        others: settings.evidence.default,
        by_ente: settings.evidence.per_ente.clone().into_iter().collect(),
    };
    let indirizzi = settings
        .public_urls
        .iter()
        .map(|url| {
            PublicUrl::parse(url).map_err(|why| format!("access.public_urls: {url:?} {why}"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let autenticatore = Authenticator::new(emittenti, settings.leeway_seconds, clock)
        .with_public_urls(indirizzi)
        .with_evidence(evidenze, requisiti);
    Ok(match registro {
        Some(usate) => autenticatore.with_replay_store(usate),
        None => autenticatore,
    })
}

/// Without any, all: there is one issuer.
fn enti(enti: &[String]) -> Enti {
    if enti.is_empty() {
        return Enti::all();
    }
    Enti::only(enti.iter().map(String::as_str))
}

fn freshness(keys: KeySettings) -> KeyFreshness {
    let seconds = |n: u32| Duration::from_secs(n.into());
    KeyFreshness {
        refresh_after: seconds(keys.refresh_seconds()),
        min_interval: seconds(keys.min_refetch_seconds),
        max_age: seconds(keys.stale_seconds),
        file_max_age: seconds(keys.file_stale_seconds),
    }
}

/// For whom an evidence must be: as set, or else whoever vouchers are for.
fn evidence_audience(settings: &AccessSettings) -> Vec<String> {
    if !settings.evidence.audience.is_empty() {
        return settings.evidence.audience.clone();
    }
    let single = settings.jwks.is_some().then_some(&settings.audience);
    let issuers = settings.issuers.iter().flat_map(|issuer| &issuer.audience);
    single.into_iter().chain(issuers).cloned().collect()
}
