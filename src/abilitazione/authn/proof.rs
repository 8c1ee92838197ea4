//! The proof that the caller has the key that its voucher is bound to: DPoP, RFC 9449.
//!
//! ```text
//! dpop: {"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":…,"y":…}}
//!       {"htm":"POST","htu":"https://omnia.inps.example/inps.omnia.monitoraggio.v1.DecreeService/ListDecrees",
//!        "iat":1795000000,"jti":"b9f0…","ath":"base64url(SHA-256(voucher))"}
//! ```
//!
//! Any key may stand in the header; what makes it good is that its thumbprint is the voucher's `cnf.jkt`. A proof is
//! for one call of one voucher within a minute, once.

use serde::Deserialize;

use super::{
    check_log::CheckLog,
    claims::instant,
    htu::{Htu, PublicUrl},
    jws::Jws,
    numeric_date::NumericDate,
    sha256::{Sha256Digest, from_base64url, sha256, to_base64url},
};
use crate::{
    contract::http_call::CallTarget,
    error::{Error, Reason, Result},
    valori::name::is_name,
};

/// How old a proof may be, and how far its maker's clock may be off, in seconds.
const MAX_AGE: i64 = 60;
const MAX_SKEW: i64 = 10;

/// A proof that was verified, to be used once.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct VerifiedProof {
    /// Its key and jti.
    pub(super) digest: Sha256Digest,
    /// When no proof with its `iat` is good any more.
    pub(super) expires_at: i64,
}

/// What a proof must prove.
pub(super) struct ProofExpectation<'a> {
    /// `cnf.jkt` of the voucher.
    pub(super) jkt: Sha256Digest,
    /// SHA-256 of the voucher.
    pub(super) ath: Sha256Digest,
    /// What it has to be for. `None`: not known, because the check runs outside the server.
    pub(super) target: Option<CallTarget<'a>>,
    pub(super) public_urls: &'a [PublicUrl],
}

#[derive(Deserialize)]
struct ProofClaims {
    htm: String,
    htu: String,
    iat: NumericDate,
    jti: String,
    ath: String,
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Reason::ProofInvalid, message)
}

/// Checks a proof. Whether it was used before is another question, asked when everything else is decided.
///
/// # Errors
/// [`Reason::ProofInvalid`].
pub(super) fn check(
    trial: &str,
    chiamata: &ProofExpectation<'_>,
    now: i64,
    v: &mut CheckLog,
) -> Result<VerifiedProof> {
    let jws = Jws::parse(trial).map_err(|why| invalid(format!("the proof {why}")));
    let jws = v.require("proof: form", jws)?;
    let typ = jws.typ();
    v.ensure("proof: typ", typ.as_deref() == Some("dpop+jwt"), || {
        invalid("the proof's typ is not dpop+jwt")
    })?;
    v.note(|| format!("{:?}", typ.as_deref().unwrap_or_default()));
    let jwk = jws.header.jwk.as_ref();
    let key = jwk
        .ok_or("is missing")
        .and_then(|jwk| jwk.verifying_key())
        .and_then(|key| key.ok_or("is not for RS256 or ES256 signatures"))
        .map_err(|why| invalid(format!("the key in the proof's header (jwk) {why}")));
    let key = v.require("proof: jwk", key)?;
    v.ensure("proof: alg", jws.is_for(&key), || {
        invalid("the proof's algorithm is not RS256 or ES256, or not that of its key")
    })?;
    v.note(|| format!("{:?}", jws.header.alg));
    v.ensure(
        "proof: signature",
        jws.is_for(&key) && jws.verifies(&key),
        || invalid("the proof's signature does not verify"),
    )?;
    let thumbprint = jwk.and_then(super::jwk::Jwk::thumbprint);
    v.ensure("proof: jkt", thumbprint == Some(chiamata.jkt), || {
        invalid("the proof's key is not the one that the token is bound to (cnf.jkt)")
    })?;
    let claims = jws.claims::<ProofClaims>().map_err(|_| {
        invalid("a claim of the proof is missing or of the wrong type: htm, htu, jti, ath (texts), iat (seconds since 1970)")
    });
    let claims = v.require("proof: claims", claims)?;

    let method = chiamata.target.as_ref().map_or("POST", CallTarget::method);
    v.ensure("proof: htm", claims.htm == method, || {
        invalid(match chiamata.target {
            Some(CallTarget::Http(_)) => "the proof's htm is not the method of the request",
            _ => "the proof's htm is not POST, as every gRPC call is",
        })
    })?;
    v.note(|| format!("{:?}", claims.htm));
    v.check("proof: htu", htu(&claims.htu, chiamata))?;
    v.note(|| {
        let target = chiamata.target.unwrap_or(CallTarget::Grpc("…"));
        let here = chiamata.public_urls.iter().map(|here| here.htu(target));
        format!("{:?}; here {:?}", claims.htu, here.collect::<Vec<_>>())
    });
    let iat = claims.iat.floor();
    let age = now.saturating_sub(iat);
    v.ensure(
        "proof: iat",
        (-MAX_SKEW..=MAX_AGE + MAX_SKEW).contains(&age),
        || {
            invalid(
                "the proof was not made within the last minute (iat): make a new one for each call",
            )
        },
    )?;
    v.note(|| format!("{}, {age} s ago", instant(iat)));
    v.ensure(
        "proof: ath",
        from_base64url(&claims.ath) == Some(chiamata.ath),
        || invalid("the proof is for another token: ath is not base64url(SHA-256(token))"),
    )?;
    v.note(|| {
        let ath = to_base64url(&chiamata.ath);
        format!("{:?}; of this token {ath:?}", claims.ath)
    });
    v.ensure("proof: jti", is_name(&claims.jti), || {
        invalid("the proof's jti is not a text of 1 to 255 bytes")
    })?;
    let impronta = sha256(&[b"prova".as_slice(), &chiamata.jkt, claims.jti.as_bytes()].concat());
    Ok(VerifiedProof {
        digest: impronta,
        expires_at: iat.saturating_add(MAX_AGE + MAX_SKEW + 1),
    })
}

fn htu(htu: &str, chiamata: &ProofExpectation<'_>) -> Result<()> {
    if chiamata.public_urls.is_empty() {
        return Err(invalid(
            "this server accepts no proofs: where it is reached (access.public_urls) is not set",
        ));
    }
    let Some(target) = chiamata.target else {
        return Err(invalid(
            "for which call the proof should be is not known: name it",
        ));
    };
    let here = Htu::parse(htu).is_some_and(|htu| {
        chiamata
            .public_urls
            .iter()
            .any(|here| here.is_htu(&htu, target))
    });
    here.then_some(())
        .ok_or_else(|| {
            invalid(match target {
                CallTarget::Grpc(_) => "the proof is for another call: htu is not https://host/package.Service/Method of this one",
                CallTarget::Http(_) => "the proof is for another call: htu is not the URL of this one, without query and fragment",
            })
        })
}
