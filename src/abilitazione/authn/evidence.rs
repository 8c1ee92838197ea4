//! Who, inside the agency, is asking: the tracking evidence of ModI (AUDIT_REST_01, AUDIT_REST_02).
//!
//! ```text
//! agid-jwt-trackingevidence: {"alg":"RS256","typ":"JWT","kid":"…"}
//!       {"iss":…,"aud":…,"iat":…,"exp":…,"nbf":…,"jti":…,"purposeId":…,"dnonce":…,
//!        "userID":"matricola 4711","userLocation":"postazione 12","LoA":"substantial"}
//! ```
//!
//! The consumer signs it, with a key that PDND knows by its kid, and is its `iss`: by our reading, which takes either, the
//! voucher's `client_id` or its `consumerId`. So no evidence goes with another consumer's voucher. Whose a key of the set is
//! the set does not say. Under AUDIT_REST_02 the voucher's `digest` is the SHA-256
//! of the whole text: one evidence, one voucher, as long as the voucher lives, so it comes with each call. Under
//! AUDIT_REST_01 nothing ties the two: one who sees it could send it again with other calls, so each is taken once, and
//! lives a day at most.

use serde::{Deserialize, de::IgnoredAny};

use super::{
    check_log::CheckLog,
    claims::{Audience, NowWithLeeway, instant, uuid},
    jws::Jws,
    key_source::KeySource,
    numeric_date::NumericDate,
    sha256::{Sha256Digest, sha256, to_hex},
    token::VerifiedToken,
};
use crate::{
    error::{Error, Reason, Result},
    valori::name::is_name,
};

/// The longest that an evidence may live, in seconds: as long as a voucher may.
const MAX_LIFETIME: i64 = 86_400;

/// Who signs evidences, and for whom they must be.
#[derive(Debug, Clone)]
pub struct EvidenceVerifier {
    keys: KeySource,
    audience: Vec<String>,
}

impl EvidenceVerifier {
    /// Evidences for one of `audience`, signed with the consumers' `keys`.
    #[must_use]
    pub fn new(keys: KeySource, audience: Vec<String>) -> Self {
        Self { keys, audience }
    }

    /// The consumers' keys.
    pub(super) fn keys(&self) -> &KeySource {
        &self.keys
    }

    /// As [`KeySource::is_generation`].
    pub(super) fn is_generation(&self, generation: u64) -> bool {
        self.keys.is_generation(generation)
    }
}

/// An evidence that was verified, and what it says.
#[derive(Debug)]
pub(super) struct VerifiedEvidence {
    pub(super) generation: u64,
    /// SHA-256 of its text.
    pub(super) digest: Sha256Digest,
    /// Its key and jti, should it be usable once.
    pub(super) use_digest: Sha256Digest,
    /// Who signs, as it says itself.
    iss: Box<str>,
    pub(super) utente: Box<str>,
    pub(super) location: Box<str>,
    pub(super) loa: Option<Box<str>>,
    pub(super) jti: Box<str>,
    finalita: Option<Box<str>>,
    pub(super) exp: i64,
    nbf: i64,
}

#[derive(Deserialize)]
struct EvidenceClaims {
    iss: String,
    aud: Audience,
    iat: NumericDate,
    exp: NumericDate,
    nbf: Option<NumericDate>,
    jti: String,
    #[serde(rename = "purposeId")]
    purpose_id: String,
    #[serde(rename = "userID")]
    user_id: String,
    #[serde(rename = "userLocation")]
    user_location: String,
    #[serde(rename = "LoA")]
    loa: Option<String>,
    #[serde(rename = "loa")]
    loa_small: Option<String>,
    /// Whatever it is, once: the digest is what it is salt for.
    #[serde(rename = "dnonce")]
    _dnonce: Option<IgnoredAny>,
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Reason::EvidenceInvalid, message)
}

impl VerifiedEvidence {
    /// Whether it is good now: what one from the cache is asked again.
    ///
    /// # Errors
    /// [`Reason::EvidenceInvalid`].
    pub(super) fn check_time(&self, quando: NowWithLeeway) -> Result<()> {
        check_expiry(self.exp, quando)?;
        check_not_before(self.nbf, quando)
    }

    /// Whether it goes with this token.
    ///
    /// # Errors
    /// [`Reason::EvidenceInvalid`].
    pub(super) fn check_belongs_to(&self, token: &VerifiedToken, v: &mut CheckLog) -> Result<()> {
        let consumer = [Some(&token.soggetto), token.consumer_id.as_ref()];
        v.ensure(
            "evidence: iss",
            consumer.into_iter().flatten().any(|name| *name == self.iss),
            || invalid("the evidence's iss is neither the voucher's client_id nor its consumerId"),
        )?;
        v.note(|| {
            let consumer: Vec<_> = consumer.into_iter().flatten().collect();
            format!("{:?}; of the voucher {consumer:?}", self.iss)
        });
        v.ensure(
            "evidence: purposeId",
            self.finalita.is_some() && self.finalita == token.finalita,
            || invalid("the evidence's purposeId is not the voucher's"),
        )?;
        let Some(digest) = token.digest else {
            v.ensure("evidence: digest", true, || invalid(""))?;
            v.note(|| "the voucher names none: AUDIT_REST_01, good for one call".to_owned());
            return Ok(());
        };
        v.ensure("evidence: digest", digest == self.digest, || {
            invalid("the evidence is not the one that the voucher names (digest.value)")
        })?;
        v.note(|| {
            format!(
                "SHA-256 {}; the voucher names {}",
                to_hex(&self.digest),
                to_hex(&digest)
            )
        });
        Ok(())
    }
}

fn check_expiry(exp: i64, quando: NowWithLeeway) -> Result<()> {
    let good = !quando.is_past(exp);
    good.then_some(())
        .ok_or_else(|| invalid("the evidence has expired"))
}

fn check_not_before(nbf: i64, quando: NowWithLeeway) -> Result<()> {
    let good = !quando.is_future(nbf);
    good.then_some(())
        .ok_or_else(|| invalid("the evidence is not valid yet"))
}

/// Checks an evidence by itself. `impronta` is its SHA-256.
///
/// # Errors
/// [`Reason::EvidenceInvalid`], or [`Reason::KeysUnavailable`].
pub(super) async fn check(
    evidences: &EvidenceVerifier,
    text: &str,
    impronta: Sha256Digest,
    quando: NowWithLeeway,
    v: &mut CheckLog,
) -> Result<VerifiedEvidence> {
    let jws = Jws::parse(text).map_err(|why| invalid(format!("the evidence {why}")));
    let jws = v.require("evidence: form", jws)?;
    let typ = jws.typ();
    v.ensure("evidence: typ", typ.as_deref() == Some("jwt"), || {
        invalid("the evidence's typ is not JWT")
    })?;
    v.note(|| format!("{:?}", typ.as_deref().unwrap_or_default()));
    let kid = match &jws.header.kid {
        Some(kid) => Ok(kid.as_str()),
        None => Err(invalid("the evidence has no kid")),
    };
    let kid = v.require("evidence: kid", kid)?;
    let key_set = v.require("evidence: keys", evidences.keys.key_set_with(kid).await)?;
    let key = key_set
        .jwks
        .get(kid)
        .ok_or_else(|| invalid("the evidence's kid is not known"));
    let key = v.require("evidence: key", key);
    v.note(|| format!("kid {kid:?}"));
    let key = key?;
    v.ensure(
        "evidence: signature",
        jws.is_for(key) && jws.verifies(key),
        || {
            invalid(
                "the evidence's signature does not verify, or its algorithm is not that of its key",
            )
        },
    )?;
    let parsed = jws.claims::<EvidenceClaims>();
    let detail = parsed.as_ref().err().map(ToString::to_string);
    let parsed = parsed.map_err(|_| {
        invalid(
            "a claim of the evidence is missing or of the wrong type: iss, aud, jti, purposeId, userID, userLocation \
             (texts), iat, exp (seconds since 1970)",
        )
    });
    let claims = v.require("evidence: claims", parsed);
    v.note(|| detail.unwrap_or_default());
    let claims = claims?;

    v.ensure(
        "evidence: aud",
        claims.aud.names(&evidences.audience),
        || invalid("the evidence is for another audience"),
    )?;
    v.note(|| format!("{:?}; here {:?}", claims.aud.0, evidences.audience));
    let (iat, exp) = (claims.iat.floor(), claims.exp.floor());
    let lifetime = exp.saturating_sub(iat);
    v.ensure(
        "evidence: lifetime",
        (0..=MAX_LIFETIME).contains(&lifetime),
        || invalid("the evidence lives longer than a day, or ends before it begins"),
    )?;
    v.check("evidence: exp", check_expiry(exp, quando))?;
    v.note(|| instant(exp));
    let nbf = claims.nbf.map_or(iat, NumericDate::ceil).max(iat);
    v.check("evidence: nbf", check_not_before(nbf, quando))?;
    v.note(|| instant(nbf));
    let loa = match (claims.loa, claims.loa_small) {
        (Some(one), Some(other)) if one != other => {
            Err(invalid("the evidence's LoA and loa differ"))
        }
        (Some(loa), _) | (None, Some(loa)) if !is_name(&loa) => {
            Err(invalid("the evidence's LoA is not a name"))
        }
        (one, other) => Ok(one.or(other)),
    };
    let loa = v.check("evidence: LoA", loa)?.flatten();
    let names = [
        &claims.iss,
        &claims.jti,
        &claims.user_id,
        &claims.user_location,
    ];
    v.ensure(
        "evidence: names",
        names.into_iter().all(|name| is_name(name)),
        || {
            invalid(
                "iss, jti, userID or userLocation of the evidence is not a text of 1 to 255 bytes",
            )
        },
    )?;
    v.note(|| {
        format!(
            "userID {:?}, userLocation {:?}",
            claims.user_id, claims.user_location
        )
    });
    let use_mark = [
        b"evidenza".as_slice(),
        &sha256(kid.as_bytes()),
        claims.jti.as_bytes(),
    ]
    .concat();
    Ok(VerifiedEvidence {
        generation: key_set.generation,
        digest: impronta,
        use_digest: sha256(&use_mark),
        iss: claims.iss.into(),
        utente: claims.user_id.into(),
        location: claims.user_location.into(),
        loa: loa.map(Into::into),
        jti: claims.jti.into(),
        finalita: uuid(&claims.purpose_id),
        exp,
        nbf,
    })
}
