//! The token itself: whose it is, and what it says.
//!
//! ```text
//! {"alg":"RS256","kid":"2026-a","typ":"at+jwt"}
//! {"iss":"interop.pagopa.it","aud":"https://a.example/v1,https://a.example/v2","client_id":…,"sub":…,"purposeId":…,
//!  "jti":…,"iat":…,"nbf":…,"exp":…,"digest":{"alg":"SHA256","value":"<64 hex>"},"cnf":{"jkt":"<43 characters>"}}
//! ```
//!
//! `iss` chooses the issuer and with it the keys, `kid` the key, the key the algorithm; nothing else of a token is believed
//! before its signature is verified. Then audience and times must be right, and the claims that its kind has.

use std::sync::Arc;

use super::{
    claims::{self, Claims, Quando},
    emittente::{Emittente, TipoEmittente},
    enti::Enti,
    impronta::{self, Impronta},
    jws::Jws,
    numeric_date::NumericDate,
    verbale::Verbale,
};
use crate::error::{Error, Reason, Result};
use crate::valori::name::is_name;

/// A token that was verified, and what it says.
#[derive(Debug)]
pub(super) struct Verificato {
    /// Whose token: the place in the list of issuers.
    pub(super) emittente: usize,
    /// Its name, and whose names it gives.
    pub(super) issuer: Arc<str>,
    pub(super) enti: Arc<Enti>,
    /// The set of keys that verified it.
    pub(super) generazione: u64,
    pub(super) soggetto: Box<str>,
    /// The agency whose client the subject is, as PDND numbers it.
    pub(super) consumatore: Option<Box<str>>,
    pub(super) jti: Option<Box<str>>,
    pub(super) finalita: Option<Box<str>>,
    pub(super) exp: i64,
    pub(super) nbf: Option<i64>,
    /// The key that it is bound to.
    pub(super) jkt: Option<Impronta>,
    /// The evidence that it names.
    pub(super) digest: Option<Impronta>,
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Reason::TokenInvalid, message)
}

impl Verificato {
    /// Whether it is still, and already, good: what a token from the cache is asked again.
    ///
    /// # Errors
    /// [`Reason::TokenExpired`], [`Reason::TokenNotYetValid`].
    pub(super) fn in_tempo(&self, quando: Quando) -> Result<()> {
        scaduto(self.exp, quando)?;
        self.nbf.map_or(Ok(()), |nbf| futuro(nbf, quando))
    }
}

fn scaduto(exp: i64, quando: Quando) -> Result<()> {
    if quando.passato(exp) {
        return Err(Error::new(Reason::TokenExpired, "the token has expired"));
    }
    Ok(())
}

fn futuro(nbf: i64, quando: Quando) -> Result<()> {
    if quando.futuro(nbf) {
        let message = "the token is not valid yet";
        return Err(Error::new(Reason::TokenNotYetValid, message));
    }
    Ok(())
}

/// Checks a token against the issuers.
///
/// # Errors
/// One of the `TOKEN_…` reasons, or [`Reason::KeysUnavailable`].
pub(super) async fn esamina(
    emittenti: &[Emittente],
    token: &str,
    quando: Quando,
    v: &mut Verbale,
) -> Result<Verificato> {
    let parsed = Jws::parse(token).map_err(|why| invalid(format!("the token {why}")));
    let jws = v.fine("token: form", parsed)?;
    let parsed = claims(&jws);
    let detail = parsed.as_ref().err().map(ToString::to_string);
    let parsed = parsed.map_err(|_| {
        invalid("a claim is missing or of the wrong type: iss, aud, sub (texts), exp, nbf (seconds since 1970)")
    });
    // Without a line where it passes: the claims have their own.
    let claims = match parsed {
        Ok(claims) => claims,
        Err(error) => {
            let failed = v.fine("token: claims", Err(error));
            v.nota(|| detail.unwrap_or_default());
            return failed;
        }
    };

    let found = emittenti
        .iter()
        .enumerate()
        .find(|(_, emittente)| *emittente.issuer == *claims.iss)
        .ok_or_else(|| Error::new(Reason::TokenWrongIssuer, "the token is of another issuer"));
    let found = v.fine("token: iss", found);
    v.nota(|| format!("{:?}", claims.iss));
    let (place, emittente) = found?;

    let typ = jws.typ();
    v.vale(
        "token: typ",
        emittente.tipo.takes(typ.as_deref(), claims.cnf.is_some()),
        || invalid("the token's typ is not that of an access token (at+jwt)"),
    )?;
    v.nota(|| format!("{:?}", typ.as_deref().unwrap_or_default()));
    let generazione = firma(emittente, &jws, v).await?;

    v.vale("token: aud", claims.aud.names(&emittente.audience), || {
        Error::new(
            Reason::TokenWrongAudience,
            "the token is for another audience",
        )
    })?;
    v.nota(|| format!("{:?}; here {:?}", claims.aud.0, emittente.audience));
    let exp = claims.exp.floor();
    v.esito("token: exp", scaduto(exp, quando))?;
    v.nota(|| claims::instant(exp));
    let begins = claims.nbf.map(NumericDate::ceil);
    let nbf = match begins {
        Some(nbf) => futuro(nbf, quando),
        None if emittente.nbf_richiesto => {
            Err(invalid("the token has no nbf (seconds since 1970)"))
        }
        None => Ok(()),
    };
    v.esito("token: nbf", nbf)?;
    v.nota(|| begins.map(claims::instant).unwrap_or_default());

    let soggetto = v.esito("token: subject", emittente.soggetto(&claims))?;
    v.nota(|| soggetto.unwrap_or_default().to_owned());
    let jti = v
        .esito("token: jti", jti(&claims, emittente.tipo))?
        .flatten();
    let finalita = v
        .esito("token: purposeId", finalita(&claims, emittente.tipo))?
        .flatten();
    v.nota(|| finalita.as_deref().unwrap_or_default().to_owned());
    let digest = v
        .esito("token: digest", digest(&claims, emittente.tipo))?
        .flatten();
    let jkt = v.esito("token: cnf", jkt(&claims))?.flatten();
    v.nota(|| {
        String::from(if jkt.is_some() {
            "bound to a key: DPoP"
        } else {
            "none: Bearer"
        })
    });
    Ok(Verificato {
        emittente: place,
        issuer: Arc::clone(&emittente.issuer),
        enti: Arc::clone(&emittente.enti),
        generazione,
        soggetto: soggetto.unwrap_or_default().into(),
        consumatore: consumatore(&claims, emittente.tipo),
        jti: jti.map(Into::into),
        finalita,
        exp,
        nbf: begins,
        jkt,
        digest,
    })
}

fn claims(jws: &Jws<'_>) -> Result<Claims, serde_json::Error> {
    let mut claims: Claims = jws.claims()?;
    claims.altri = jws.claims()?;
    Ok(claims)
}

/// Verifies the signature; which set of keys did it.
async fn firma(emittente: &Emittente, jws: &Jws<'_>, v: &mut Verbale) -> Result<u64> {
    let alg = &jws.header.alg;
    v.vale(
        "token: alg",
        emittente.algoritmi.iter().any(|a| a.as_str() == alg),
        || invalid("the token's algorithm is not one that its issuer signs with"),
    )?;
    v.nota(|| format!("{alg:?}"));
    let kid = match &jws.header.kid {
        Some(kid) => Ok(kid.as_str()),
        None => Err(invalid("the token has no kid")),
    };
    let kid = v.fine("token: kid", kid)?;
    let mazzo = v.fine("token: keys", emittente.chiavi.mazzo_con(kid).await)?;
    let key = mazzo
        .jwks
        .get(kid)
        .ok_or_else(|| invalid("the token's kid is not known"));
    let key = v.fine("token: key", key);
    v.nota(|| format!("kid {kid:?}, known: {:?}", mazzo.jwks));
    let key = key?;
    // The key says which algorithm; a token that says another is not for this key.
    let verifies = if jws.is_for(key) {
        jws.verifies(key)
            .then_some(())
            .ok_or("the token's signature does not verify")
    } else {
        Err("the token's algorithm is not that of its key")
    };
    v.esito("token: signature", verifies.map_err(invalid))?;
    Ok(mazzo.generazione)
}

fn jti(claims: &Claims, tipo: TipoEmittente) -> Result<Option<&str>> {
    match claims.jti.as_deref() {
        Some(jti) if is_name(jti) => Ok(Some(jti)),
        Some(_) => Err(invalid("the token's jti is not a name")),
        None if tipo == TipoEmittente::Pdnd => Err(invalid("the voucher has no jti")),
        None => Ok(None),
    }
}

/// Nothing is decided by it but whose evidence goes with the voucher, so one that is no name is none.
fn consumatore(claims: &Claims, tipo: TipoEmittente) -> Option<Box<str>> {
    let id = claims
        .altri
        .get("consumerId")
        .and_then(serde_json::Value::as_str);
    id.filter(|id| tipo == TipoEmittente::Pdnd && is_name(id))
        .map(Into::into)
}

fn finalita(claims: &Claims, tipo: TipoEmittente) -> Result<Option<Box<str>>> {
    if tipo != TipoEmittente::Pdnd {
        return Ok(None);
    }
    let id = claims.purpose_id.as_deref().and_then(claims::uuid);
    id.map(Some)
        .ok_or_else(|| invalid("the voucher has no purposeId, or it is not a UUID"))
}

fn digest(claims: &Claims, tipo: TipoEmittente) -> Result<Option<Impronta>> {
    match &claims.digest {
        Some(digest) if tipo == TipoEmittente::Pdnd => (digest.alg == "SHA256")
            .then(|| impronta::from_hex(&digest.value))
            .flatten()
            .map(Some)
            .ok_or_else(|| {
                invalid(
                    "the voucher's digest is not {\"alg\":\"SHA256\",\"value\":<64 hex digits>}",
                )
            }),
        _ => Ok(None),
    }
}

fn jkt(claims: &Claims) -> Result<Option<Impronta>> {
    let Some(cnf) = &claims.cnf else {
        return Ok(None);
    };
    // Bound in a way that is not understood here is not the same as not bound.
    let jkt = cnf.jkt.as_deref().and_then(impronta::from_base64url);
    jkt.map(Some)
        .ok_or_else(|| invalid("the token is bound (cnf), but not to a key by its jkt"))
}

#[cfg(test)]
mod tests;
