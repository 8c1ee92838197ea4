//! One JWK (RFC 7517), and the key that it is.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use serde::{Deserialize, de::IgnoredAny};

use super::{algorithm::SignatureAlgorithm, sha256::sha256};

/// Why a key with private or symmetric parts is refused.
pub(super) const SECRET_LEAKED: &str = "is not a public key: a secret has leaked, replace the key";

/// A key that verifies signatures.
pub(super) struct VerifyingKey {
    pub(super) algorithm: SignatureAlgorithm,
    pub(super) key: DecodingKey,
    /// To tell whether two keys are one: the EC point, or modulus and exponent.
    #[cfg_attr(
        not(feature = "demo"),
        expect(dead_code, reason = "only the demo compares keys")
    )]
    pub(super) public: Vec<u8>,
}

/// A key of a set, or of a proof's header: as it is written.
#[derive(Deserialize)]
pub(super) struct Jwk {
    kty: String,
    pub(super) kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    // Private and symmetric keys: only whether they are there.
    d: Option<IgnoredAny>,
    k: Option<IgnoredAny>,
    p: Option<IgnoredAny>,
    q: Option<IgnoredAny>,
    dp: Option<IgnoredAny>,
    dq: Option<IgnoredAny>,
    qi: Option<IgnoredAny>,
    oth: Option<IgnoredAny>,
}

impl Jwk {
    /// The key, or `None` where it is for something else than the signature of tokens.
    ///
    /// # Errors
    /// It is no sound public key; why.
    pub(super) fn verifying_key(&self) -> Result<Option<VerifyingKey>, &'static str> {
        if self.has_secret() {
            return Err(SECRET_LEAKED);
        }
        let other_use = self.purpose.as_deref().is_some_and(|p| p != "sig");
        let other_ops = self
            .key_ops
            .as_ref()
            .is_some_and(|ops| !ops.iter().any(|op| op == "verify"));
        if other_use || other_ops {
            return Ok(None);
        }
        let algorithm = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => SignatureAlgorithm::RS256,
            ("EC", Some("P-256")) => SignatureAlgorithm::ES256,
            _ => return Ok(None),
        };
        let other_alg = |alg: &str| alg != algorithm.as_str();
        if self.alg.as_deref().is_some_and(other_alg) {
            return Ok(None);
        }
        match algorithm {
            SignatureAlgorithm::RS256 => self.rsa().map(Some),
            SignatureAlgorithm::ES256 => self.ec().map(Some),
        }
    }

    /// The thumbprint (RFC 7638): SHA-256 of the members that are the key, in their order. `None`: it lacks one.
    pub(super) fn thumbprint(&self) -> Option<[u8; 32]> {
        let members = match self.kty.as_str() {
            "RSA" => format!(
                r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
                self.e.as_ref()?,
                self.n.as_ref()?
            ),
            "EC" => format!(
                r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
                self.crv.as_ref()?,
                self.x.as_ref()?,
                self.y.as_ref()?
            ),
            _ => return None,
        };
        Some(sha256(members.as_bytes()))
    }

    pub(super) fn has_secret(&self) -> bool {
        let members = [
            &self.d, &self.k, &self.p, &self.q, &self.dp, &self.dq, &self.qi, &self.oth,
        ];
        self.kty == "oct" || members.iter().any(|member| member.is_some())
    }

    fn rsa(&self) -> Result<VerifyingKey, &'static str> {
        let (n, e) = (decode(self.n.as_ref())?, decode(self.e.as_ref())?);
        // The standard has no leading zeros; some writers have.
        let zeros = n.iter().take_while(|byte| **byte == 0).count();
        let n = &n[zeros..];
        let bits = n
            .first()
            .map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
        if !(2048..=8192).contains(&bits) {
            return Err("is an RSA key of less than 2048 bits, or more than 8192");
        }
        // With an exponent of 1 every message is its own signature.
        if e == [1] || e.last().is_none_or(|last| last % 2 == 0) {
            return Err("is an RSA key with an exponent that is even or 1");
        }
        RsaPublicKeyComponents { n, e: e.as_slice() }
            .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            .map_err(|_| "is not a sound RSA key")?;
        Ok(VerifyingKey {
            algorithm: SignatureAlgorithm::RS256,
            key: DecodingKey::from_rsa_raw_components(n, &e),
            public: [n, &[0], &e].concat(),
        })
    }

    fn ec(&self) -> Result<VerifyingKey, &'static str> {
        let (x, y) = (decode(self.x.as_ref())?, decode(self.y.as_ref())?);
        if x.len() != 32 || y.len() != 32 {
            return Err("is not a P-256 key: x and y have 32 bytes each");
        }
        let point = [&[4][..], &x, &y].concat();
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point)
            .map_err(|_| "is not a point of the curve P-256")?;
        Ok(VerifyingKey {
            algorithm: SignatureAlgorithm::ES256,
            key: DecodingKey::from_ec_der(&point),
            public: point,
        })
    }
}

/// As [`Jwk::has_secret`], of what is no JWK otherwise.
pub(super) fn has_secret(value: &serde_json::Value) -> bool {
    let members = ["d", "k", "p", "q", "dp", "dq", "qi", "oth"];
    let there = |member| value.get(member).is_some_and(|secret| !secret.is_null());
    value.get("kty").is_some_and(|kty| kty == "oct") || members.into_iter().any(there)
}

fn decode(text: Option<&String>) -> Result<Vec<u8>, &'static str> {
    let text = text.ok_or("lacks a part of the key")?;
    BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| "has a part that is not base64url")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7638, section 3.1.
    #[test]
    fn the_thumbprint_is_the_rfcs() {
        let jwk: Jwk = serde_json::from_str(
            r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
            "e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
        )
        .unwrap();
        let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(jwk.thumbprint().unwrap());
        assert_eq!(thumbprint, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_eq!(
            jwk.verifying_key().unwrap().unwrap().algorithm,
            SignatureAlgorithm::RS256
        );
    }
}
