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
    check_log::CheckLog,
    claims::{self, NowWithLeeway, TokenClaims},
    enti::Enti,
    issuer::{IssuerKind, TrustedIssuer},
    jws::Jws,
    numeric_date::NumericDate,
    sha256::{self, Sha256Digest},
};
use crate::{
    error::{Error, Reason, Result},
    valori::name::is_name,
};

/// A token that was verified, and what it says.
#[derive(Debug)]
pub(super) struct VerifiedToken {
    /// Whose token: the place in the list of issuers.
    pub(super) issuer_index: usize,
    /// Its name, and whose names it gives.
    pub(super) issuer: Arc<str>,
    pub(super) enti: Arc<Enti>,
    /// The set of keys that verified it.
    pub(super) generation: u64,
    pub(super) soggetto: Box<str>,
    /// The agency whose client the subject is, as PDND numbers it.
    pub(super) consumer_id: Option<Box<str>>,
    pub(super) jti: Option<Box<str>>,
    pub(super) finalita: Option<Box<str>>,
    pub(super) exp: i64,
    pub(super) nbf: Option<i64>,
    /// The key that it is bound to.
    pub(super) jkt: Option<Sha256Digest>,
    /// The evidence that it names.
    pub(super) digest: Option<Sha256Digest>,
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Reason::TokenInvalid, message)
}

impl VerifiedToken {
    /// Whether it is still, and already, good: what a token from the cache is asked again.
    ///
    /// # Errors
    /// [`Reason::TokenExpired`], [`Reason::TokenNotYetValid`].
    pub(super) fn check_time(&self, quando: NowWithLeeway) -> Result<()> {
        check_expiry(self.exp, quando)?;
        self.nbf.map_or(Ok(()), |nbf| check_not_before(nbf, quando))
    }
}

fn check_expiry(exp: i64, quando: NowWithLeeway) -> Result<()> {
    if quando.is_past(exp) {
        return Err(Error::new(Reason::TokenExpired, "the token has expired"));
    }
    Ok(())
}

fn check_not_before(nbf: i64, quando: NowWithLeeway) -> Result<()> {
    if quando.is_future(nbf) {
        let message = "the token is not valid yet";
        return Err(Error::new(Reason::TokenNotYetValid, message));
    }
    Ok(())
}

/// Checks a token against the issuers.
///
/// # Errors
/// One of the `TOKEN_…` reasons, or [`Reason::KeysUnavailable`].
pub(super) async fn check(
    trusted_issuers: &[TrustedIssuer],
    token: &str,
    quando: NowWithLeeway,
    v: &mut CheckLog,
) -> Result<VerifiedToken> {
    let parsed = Jws::parse(token).map_err(|why| invalid(format!("the token {why}")));
    let jws = v.require("token: form", parsed)?;
    let parsed = claims(&jws);
    let detail = parsed.as_ref().err().map(ToString::to_string);
    let parsed = parsed.map_err(|_| {
        invalid("a claim is missing or of the wrong type: iss, aud, sub (texts), exp, nbf (seconds since 1970)")
    });
    // Without a line where it passes: the claims have their own.
    let claims = match parsed {
        Ok(claims) => claims,
        Err(error) => {
            let failed = v.require("token: claims", Err(error));
            v.note(|| detail.unwrap_or_default());
            return failed;
        }
    };

    let found = trusted_issuers
        .iter()
        .enumerate()
        .find(|(_, emittente)| *emittente.issuer == *claims.iss)
        .ok_or_else(|| Error::new(Reason::TokenWrongIssuer, "the token is of another issuer"));
    let found = v.require("token: iss", found);
    v.note(|| format!("{:?}", claims.iss));
    let (place, emittente) = found?;

    let typ = jws.typ();
    v.ensure(
        "token: typ",
        emittente.kind.takes(typ.as_deref(), claims.cnf.is_some()),
        || invalid("the token's typ is not that of an access token (at+jwt)"),
    )?;
    v.note(|| format!("{:?}", typ.as_deref().unwrap_or_default()));
    let generation = verify_signature(emittente, &jws, v).await?;

    v.ensure("token: aud", claims.aud.names(&emittente.audience), || {
        Error::new(
            Reason::TokenWrongAudience,
            "the token is for another audience",
        )
    })?;
    v.note(|| format!("{:?}; here {:?}", claims.aud.0, emittente.audience));
    let exp = claims.exp.floor();
    v.check("token: exp", check_expiry(exp, quando))?;
    v.note(|| claims::instant(exp));
    let begins = claims.nbf.map(NumericDate::ceil);
    let nbf = match begins {
        Some(nbf) => check_not_before(nbf, quando),
        None if emittente.nbf_required => Err(invalid("the token has no nbf (seconds since 1970)")),
        None => Ok(()),
    };
    v.check("token: nbf", nbf)?;
    v.note(|| begins.map(claims::instant).unwrap_or_default());

    let soggetto = v.check("token: subject", emittente.soggetto(&claims))?;
    v.note(|| soggetto.unwrap_or_default().to_owned());
    let jti = v
        .check("token: jti", jti(&claims, emittente.kind))?
        .flatten();
    let finalita = v
        .check("token: purposeId", finalita(&claims, emittente.kind))?
        .flatten();
    v.note(|| finalita.as_deref().unwrap_or_default().to_owned());
    let digest = v
        .check("token: digest", digest(&claims, emittente.kind))?
        .flatten();
    let jkt = v.check("token: cnf", jkt(&claims))?.flatten();
    v.note(|| {
        String::from(if jkt.is_some() {
            "bound to a key: DPoP"
        } else {
            "none: Bearer"
        })
    });
    Ok(VerifiedToken {
        issuer_index: place,
        issuer: Arc::clone(&emittente.issuer),
        enti: Arc::clone(&emittente.enti),
        generation,
        soggetto: soggetto.unwrap_or_default().into(),
        consumer_id: consumer_id(&claims, emittente.kind),
        jti: jti.map(Into::into),
        finalita,
        exp,
        nbf: begins,
        jkt,
        digest,
    })
}

fn claims(jws: &Jws<'_>) -> Result<TokenClaims, serde_json::Error> {
    let mut claims: TokenClaims = jws.claims()?;
    claims.others = jws.claims()?;
    Ok(claims)
}

/// Verifies the signature; which set of keys did it.
async fn verify_signature(
    emittente: &TrustedIssuer,
    jws: &Jws<'_>,
    v: &mut CheckLog,
) -> Result<u64> {
    let alg = &jws.header.alg;
    v.ensure(
        "token: alg",
        emittente.algorithms.iter().any(|a| a.as_str() == alg),
        || invalid("the token's algorithm is not one that its issuer signs with"),
    )?;
    v.note(|| format!("{alg:?}"));
    let kid = match &jws.header.kid {
        Some(kid) => Ok(kid.as_str()),
        None => Err(invalid("the token has no kid")),
    };
    let kid = v.require("token: kid", kid)?;
    let key_set = v.require("token: keys", emittente.keys.key_set_with(kid).await)?;
    let key = key_set
        .jwks
        .get(kid)
        .ok_or_else(|| invalid("the token's kid is not known"));
    let key = v.require("token: key", key);
    v.note(|| format!("kid {kid:?}, known: {:?}", key_set.jwks));
    let key = key?;
    // The key says which algorithm; a token that says another is not for this key.
    let verifies = if jws.is_for(key) {
        jws.verifies(key)
            .then_some(())
            .ok_or("the token's signature does not verify")
    } else {
        Err("the token's algorithm is not that of its key")
    };
    v.check("token: signature", verifies.map_err(invalid))?;
    Ok(key_set.generation)
}

fn jti(claims: &TokenClaims, tipo: IssuerKind) -> Result<Option<&str>> {
    match claims.jti.as_deref() {
        Some(jti) if is_name(jti) => Ok(Some(jti)),
        Some(_) => Err(invalid("the token's jti is not a name")),
        None if tipo == IssuerKind::Pdnd => Err(invalid("the voucher has no jti")),
        None => Ok(None),
    }
}

/// Nothing is decided by it but whose evidence goes with the voucher, so one that is no name is none.
fn consumer_id(claims: &TokenClaims, tipo: IssuerKind) -> Option<Box<str>> {
    let id = claims
        .others
        .get("consumerId")
        .and_then(serde_json::Value::as_str);
    id.filter(|id| tipo == IssuerKind::Pdnd && is_name(id))
        .map(Into::into)
}

fn finalita(claims: &TokenClaims, tipo: IssuerKind) -> Result<Option<Box<str>>> {
    if tipo != IssuerKind::Pdnd {
        return Ok(None);
    }
    let id = claims.purpose_id.as_deref().and_then(claims::uuid);
    id.map(Some)
        .ok_or_else(|| invalid("the voucher has no purposeId, or it is not a UUID"))
}

fn digest(claims: &TokenClaims, tipo: IssuerKind) -> Result<Option<Sha256Digest>> {
    match &claims.digest {
        Some(digest) if tipo == IssuerKind::Pdnd => (digest.alg == "SHA256")
            .then(|| sha256::from_hex(&digest.value))
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

fn jkt(claims: &TokenClaims) -> Result<Option<Sha256Digest>> {
    let Some(cnf) = &claims.cnf else {
        return Ok(None);
    };
    // Bound in a way that is not understood here is not the same as not bound.
    let jkt = cnf.jkt.as_deref().and_then(sha256::from_base64url);
    jkt.map(Some)
        .ok_or_else(|| invalid("the token is bound (cnf), but not to a key by its jkt"))
}

#[cfg(test)]
mod tests;
