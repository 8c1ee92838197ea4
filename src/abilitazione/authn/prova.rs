//! The proof that the caller has the key that its voucher is bound to: DPoP, RFC 9449.
//!
//! ```text
//! dpop: {"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":…,"y":…}}
//!       {"htm":"POST","htu":"https://omnia.inps.example/inps.omnia.monitoraggio.v1.DecreeService/ListDecrees",
//!        "iat":1795000000,"jti":"b9f0…","ath":"base64url(SHA-256(voucher))"}
//! ```
//!
//! The key in the header is anybody's; what makes it good is that its thumbprint is the voucher's `cnf.jkt`. A proof is
//! for one call of one voucher within a minute, once.

use serde::Deserialize;

use super::{
    claims::instant,
    htu::{Htu, IndirizzoPubblico},
    impronta::{Impronta, from_base64url, sha256, to_base64url},
    jws::Jws,
    numeric_date::NumericDate,
    verbale::Verbale,
};
use crate::error::{Error, Reason, Result};
use crate::valori::name::is_name;

/// How old a proof may be, and how far its maker's clock may be off, in seconds.
const FINESTRA: i64 = 60;
const SCARTO: i64 = 10;

/// A proof that was verified, to be used once.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Prova {
    /// Its key and jti.
    pub(super) impronta: Impronta,
    /// When no proof with its `iat` is good any more.
    pub(super) scade: i64,
}

/// What a proof must prove.
pub(super) struct Chiamata<'a> {
    /// `cnf.jkt` of the voucher.
    pub(super) jkt: Impronta,
    /// SHA-256 of the voucher.
    pub(super) ath: Impronta,
    /// `"DecreeService/ListDecrees"`. `None`: not known, whoever checks is not the server.
    pub(super) rpc: Option<&'a str>,
    pub(super) indirizzi: &'a [IndirizzoPubblico],
}

#[derive(Deserialize)]
struct Claims {
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
pub(super) fn esamina(
    prova: &str,
    chiamata: &Chiamata<'_>,
    now: i64,
    v: &mut Verbale,
) -> Result<Prova> {
    let jws = Jws::parse(prova).map_err(|why| invalid(format!("the proof {why}")));
    let jws = v.fine("proof: form", jws)?;
    let typ = jws.typ();
    v.vale("proof: typ", typ.as_deref() == Some("dpop+jwt"), || {
        invalid("the proof's typ is not dpop+jwt")
    })?;
    v.nota(|| format!("{:?}", typ.as_deref().unwrap_or_default()));
    let jwk = jws.header.jwk.as_ref();
    let key = jwk
        .ok_or("is missing")
        .and_then(|jwk| jwk.verifying_key())
        .and_then(|key| key.ok_or("is not for RS256 or ES256 signatures"))
        .map_err(|why| invalid(format!("the key in the proof's header (jwk) {why}")));
    let key = v.fine("proof: jwk", key)?;
    v.vale("proof: alg", jws.is_for(&key), || {
        invalid("the proof's algorithm is not RS256 or ES256, or not that of its key")
    })?;
    v.nota(|| format!("{:?}", jws.header.alg));
    v.vale(
        "proof: signature",
        jws.is_for(&key) && jws.verifies(&key),
        || invalid("the proof's signature does not verify"),
    )?;
    let thumbprint = jwk.and_then(super::jwk::Jwk::thumbprint);
    v.vale("proof: jkt", thumbprint == Some(chiamata.jkt), || {
        invalid("the proof's key is not the one that the token is bound to (cnf.jkt)")
    })?;
    let claims = jws.claims::<Claims>().map_err(|_| {
        invalid("a claim of the proof is missing or of the wrong type: htm, htu, jti, ath (texts), iat (seconds since 1970)")
    });
    let claims = v.fine("proof: claims", claims)?;

    v.vale("proof: htm", claims.htm == "POST", || {
        invalid("the proof's htm is not POST, as every gRPC call is")
    })?;
    v.nota(|| format!("{:?}", claims.htm));
    v.esito("proof: htu", htu(&claims.htu, chiamata))?;
    v.nota(|| {
        let here = chiamata
            .indirizzi
            .iter()
            .map(|here| here.htu(chiamata.rpc.unwrap_or("…")));
        format!("{:?}; here {:?}", claims.htu, here.collect::<Vec<_>>())
    });
    let iat = claims.iat.floor();
    let age = now.saturating_sub(iat);
    v.vale(
        "proof: iat",
        (-SCARTO..=FINESTRA + SCARTO).contains(&age),
        || {
            invalid(
                "the proof was not made within the last minute (iat): make a new one for each call",
            )
        },
    )?;
    v.nota(|| format!("{}, {age} s ago", instant(iat)));
    v.vale(
        "proof: ath",
        from_base64url(&claims.ath) == Some(chiamata.ath),
        || invalid("the proof is for another token: ath is not base64url(SHA-256(token))"),
    )?;
    v.nota(|| {
        let ath = to_base64url(&chiamata.ath);
        format!("{:?}; of this token {ath:?}", claims.ath)
    });
    v.vale("proof: jti", is_name(&claims.jti), || {
        invalid("the proof's jti is not a text of 1 to 255 bytes")
    })?;
    let impronta = sha256(&[b"prova".as_slice(), &chiamata.jkt, claims.jti.as_bytes()].concat());
    Ok(Prova {
        impronta,
        scade: iat.saturating_add(FINESTRA + SCARTO + 1),
    })
}

fn htu(htu: &str, chiamata: &Chiamata<'_>) -> Result<()> {
    if chiamata.indirizzi.is_empty() {
        return Err(invalid(
            "this server accepts no proofs: where it is reached (access.public_urls) is not set",
        ));
    }
    let Some(rpc) = chiamata.rpc else {
        return Err(invalid(
            "for which call the proof should be is not known: name it",
        ));
    };
    let here = Htu::parse(htu)
        .is_some_and(|htu| chiamata.indirizzi.iter().any(|here| here.is_htu(&htu, rpc)));
    here.then_some(())
        .ok_or_else(|| invalid("the proof is for another call: htu is not https://host/package.Service/Method of this one"))
}
