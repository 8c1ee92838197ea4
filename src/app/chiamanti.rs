//! Who may call at all, as the settings say: issuers and their keys, proofs, evidences.

use std::time::Duration;

use crate::{
    abilitazione::authn::{
        Autenticatore, Chiavi, Emittente, Enti, Evidenze, FonteChiavi, Freschezza,
        IndirizzoPubblico, Requisiti, TipoEmittente, Usate,
    },
    clock::Clock,
    config::{Access, Keys},
    error::Sentence,
};

/// What the settings say of who calls. `registro`: where proofs are noted as used; without it none is
/// taken, which is enough to look at one.
///
/// # Errors
/// A sentence: no issuer at all, issuers of whom it is not said whose names they give, or a file of keys that cannot be read.
pub async fn chiamanti(
    settings: &Access,
    registro: Option<Usate>,
    clock: Clock,
) -> Result<Autenticatore, Sentence> {
    // Again, for whoever brings keys of its own to settings that were checked.
    settings.check_enti()?;
    let freschezza = freschezza(settings.keys);
    let chiavi = |fonte: &FonteChiavi| Chiavi::da(fonte.clone(), freschezza, clock.clone());
    let mut emittenti = Vec::new();
    if let Some(jwks) = &settings.jwks {
        let audience = vec![settings.audience.clone()];
        let chiavi = chiavi(jwks).await?;
        let emittente = Emittente::new(TipoEmittente::Oidc, &*settings.issuer, audience, chiavi);
        emittenti.push(emittente.con_nbf(true).con_enti(enti(&settings.enti)));
    }
    for issuer in &settings.issuers {
        let chiavi = chiavi(&issuer.jwks).await?;
        let audience = issuer.audience.clone();
        let mut emittente = Emittente::new(issuer.kind, &*issuer.issuer, audience, chiavi)
            .con_enti(enti(&issuer.enti));
        if let Some(claim) = &issuer.subject_claim {
            emittente = emittente.con_soggetto(claim);
        }
        if let Some(algoritmi) = &issuer.algorithms {
            emittente = emittente.con_algoritmi(algoritmi.clone());
        }
        if let Some(richiesto) = issuer.nbf_required {
            emittente = emittente.con_nbf(richiesto);
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
            Some(Evidenze::new(chiavi, evidence_audience(settings)))
        }
    };
    let requisiti = Requisiti {
        altri: settings.evidence.default,
        per_ente: settings.evidence.per_ente.clone().into_iter().collect(),
    };
    let indirizzi = settings
        .public_urls
        .iter()
        .map(|url| {
            IndirizzoPubblico::parse(url)
                .map_err(|why| format!("access.public_urls: {url:?} {why}"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let autenticatore = Autenticatore::new(emittenti, settings.leeway_seconds, clock)
        .con_indirizzi(indirizzi)
        .con_evidenze(evidenze, requisiti);
    Ok(match registro {
        Some(usate) => autenticatore.con_registro(usate),
        None => autenticatore,
    })
}

/// Without any, all: there is one issuer.
fn enti(enti: &[String]) -> Enti {
    if enti.is_empty() {
        return Enti::tutti();
    }
    Enti::solo(enti.iter().map(String::as_str))
}

fn freschezza(keys: Keys) -> Freschezza {
    let seconds = |n: u32| Duration::from_secs(n.into());
    Freschezza {
        rinnovo: seconds(keys.refresh_seconds()),
        intervallo: seconds(keys.min_refetch_seconds),
        limite: seconds(keys.stale_seconds),
        limite_file: seconds(keys.file_stale_seconds),
    }
}

/// For whom an evidence must be: as set, or else whoever vouchers are for.
fn evidence_audience(settings: &Access) -> Vec<String> {
    if !settings.evidence.audience.is_empty() {
        return settings.evidence.audience.clone();
    }
    let single = settings.jwks.is_some().then_some(&settings.audience);
    let issuers = settings.issuers.iter().flat_map(|issuer| &issuer.audience);
    single.into_iter().chain(issuers).cloned().collect()
}
