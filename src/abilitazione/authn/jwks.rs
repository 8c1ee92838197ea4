//! The keys that sign tokens: a JWK set (RFC 7517).
//!
//! ```json
//! {"keys": [{"kty": "EC", "crv": "P-256", "kid": "2026-a", "use": "sig", "alg": "ES256", "x": "…", "y": "…"}]}
//! ```
//!
//! Two kinds of key sign: RSA of 2048 bits or more (RS256) and EC on P-256 (ES256). The key decides the algorithm, never the
//! token: that is what defeats a token that calls the public key an HMAC secret. Keys of other purposes, which an
//! identity provider publishes along, are passed over. A set with a secret in it is refused: it has leaked.
//!
//! A file is ours to mend, so one unsound key in it refuses the whole set. What an endpoint answers is others': there the unsound
//! key is left out, and of two with one kid both, for it is unclear which is meant; the other keys, and the withdrawal of
//! keys, are in force all the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    path::Path,
};

use serde::Deserialize;
use serde_json::Value;

#[cfg(any(test, feature = "demo"))]
use super::algorithm::SignatureAlgorithm;
use super::{
    json::{self, JsonDefect},
    jwk::{self, Jwk, SECRET_LEAKED, VerifyingKey},
    key_location,
};
use crate::valori::without_bom;

/// The keys, by `kid`.
pub struct Jwks(BTreeMap<String, VerifyingKey>);

/// Why a JWK set is refused.
#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is not a JWK set.
    #[error("not a JWK set: {0}")]
    Form(#[from] serde_json::Error),
    /// Two readers could read it differently.
    #[error("a member is named twice in one object")]
    Duplicate,
    /// One of its keys is not fit; `kid` or place, and why.
    #[error("key {0}: {1}")]
    Key(String, &'static str),
    /// There is no key left.
    #[error(
        "no key of the set can sign tokens (RSA of 2048 bits or more, or EC on P-256, with a kid)"
    )]
    Empty,
}

/// A key that a set was taken without: its `kid` or place, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SkippedKey {
    pub(super) name: String,
    pub(super) reason: &'static str,
}

#[derive(Deserialize)]
struct Set<K> {
    keys: Vec<K>,
}

/// A member of a set that others have written.
#[derive(Deserialize)]
#[serde(untagged)]
enum JwkSetMember {
    Key(Box<Jwk>),
    Other(Value),
}

const DUPLICATE_KID: &str = "another key has the same kid";

impl Jwks {
    /// Reads a file.
    ///
    /// # Errors
    /// All but a usable set of public keys.
    pub fn from_file(path: &Path) -> Result<Self, JwksError> {
        let text = String::from_utf8(key_location::read(path)?);
        let text = text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "is not UTF-8"))?;
        Self::parse(&text)
    }

    /// Reads the text of a JWK set, every key of which must be sound.
    ///
    /// # Errors
    /// All but a usable set of public keys.
    pub fn parse(text: &str) -> Result<Self, JwksError> {
        let text = without_bom(text);
        if json::check_members(text.as_bytes()) == Err(JsonDefect::DuplicateMember) {
            return Err(JwksError::Duplicate);
        }
        let set: Set<Jwk> = serde_json::from_str(text)?;
        let mut keys = BTreeMap::new();
        for (place, jwk) in (1..).zip(set.keys) {
            let name = name(&jwk, place);
            let refused = |why| JwksError::Key(name.clone(), why);
            let Some((kid, key)) = signing(jwk, &name).map_err(refused)? else {
                continue;
            };
            if keys.insert(kid, key).is_some() {
                return Err(refused(DUPLICATE_KID));
            }
        }
        Self::of(keys)
    }

    /// Reads the text of a JWK set that others publish: without the keys that are unsound, which are told.
    ///
    /// # Errors
    /// It is no JWK set, has a secret in it, or no sound key.
    pub(super) fn parse_foreign(text: &str) -> Result<(Self, Vec<SkippedKey>), JwksError> {
        let set: Set<JwkSetMember> = serde_json::from_str(without_bom(text))?;
        let mut keys = BTreeMap::new();
        let mut duplicates = BTreeSet::new();
        let mut discarded = Vec::new();
        for (place, voce) in (1_u32..).zip(set.keys) {
            let (nome, signing) = match voce {
                JwkSetMember::Key(jwk) => {
                    let nome = name(&jwk, place);
                    if jwk.has_secret() {
                        return Err(JwksError::Key(nome, SECRET_LEAKED));
                    }
                    let signing = signing(*jwk, &nome);
                    (nome, signing)
                }
                JwkSetMember::Other(value) => {
                    let nome = format!("number {place}");
                    if jwk::has_secret(&value) {
                        return Err(JwksError::Key(nome, SECRET_LEAKED));
                    }
                    (nome, Err("is not a JWK"))
                }
            };
            let motivo = match signing {
                Ok(None) => continue,
                Ok(Some((kid, _))) if duplicates.contains(&kid) => DUPLICATE_KID,
                Ok(Some((kid, key))) => match keys.insert(kid.clone(), key) {
                    None => continue,
                    Some(_) => {
                        keys.remove(&kid);
                        duplicates.insert(kid);
                        // The one before it goes too.
                        discarded.push(SkippedKey {
                            name: nome.clone(),
                            reason: DUPLICATE_KID,
                        });
                        DUPLICATE_KID
                    }
                },
                Err(motivo) => motivo,
            };
            discarded.push(SkippedKey {
                name: nome,
                reason: motivo,
            });
        }
        Ok((Self::of(keys)?, discarded))
    }

    fn of(keys: BTreeMap<String, VerifyingKey>) -> Result<Self, JwksError> {
        if keys.is_empty() {
            return Err(JwksError::Empty);
        }
        Ok(Self(keys))
    }

    pub(super) fn get(&self, kid: &str) -> Option<&VerifyingKey> {
        self.0.get(kid)
    }

    /// Whether this very EC key is in the set, under this `kid`.
    #[cfg(feature = "demo")]
    pub(crate) fn has_ec_key(&self, kid: &str, point: &[u8]) -> bool {
        self.get(kid)
            .is_some_and(|key| key.algorithm == SignatureAlgorithm::ES256 && key.public == point)
    }
}

fn name(jwk: &Jwk, place: u32) -> String {
    jwk.kid.clone().unwrap_or_else(|| format!("number {place}"))
}

/// The key with its kid, or `None` where it is for something else than the signature of tokens.
fn signing(jwk: Jwk, name: &str) -> Result<Option<(String, VerifyingKey)>, &'static str> {
    if jwk.has_secret() {
        return Err(SECRET_LEAKED);
    }
    let Some(key) = jwk.verifying_key()? else {
        tracing::warn!(
            key = name,
            "key passed over: it is not for RS256 or ES256 signatures"
        );
        return Ok(None);
    };
    let kid = jwk.kid.filter(|kid| !kid.is_empty()).ok_or("has no kid")?;
    Ok(Some((kid, key)))
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

    use super::*;
    use crate::abilitazione::authn::test_keys::{EC, RSA};

    fn refusal(text: &str) -> String {
        Jwks::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn both_kinds_of_key() {
        let jwks = Jwks::parse(&format!(
            r#"{{"keys": [{}, {}]}}"#,
            EC.jwk("a"),
            RSA.jwk("b")
        ))
        .unwrap();
        assert_eq!(jwks.get("a").unwrap().algorithm, SignatureAlgorithm::ES256);
        assert_eq!(jwks.get("b").unwrap().algorithm, SignatureAlgorithm::RS256);
        assert!(jwks.get("c").is_none());
        assert_eq!(format!("{jwks:?}"), r#"{"a", "b"}"#);
        let point = jwks.get("a").unwrap().public.clone();
        assert!(jwks.has_ec_key("a", &point));
        assert!(!jwks.has_ec_key("b", &point) && !jwks.has_ec_key("a", b"other"));
    }

    #[test]
    fn keys_for_other_purposes_are_passed_over() {
        let ec = EC.jwk("a");
        for other in [
            ec.replace(r#""use":"sig""#, r#""use":"enc""#),
            ec.replace(r#""use":"sig""#, r#""key_ops":["sign"]"#),
            ec.replace("ES256", "ECDH-ES"),
            ec.replace("P-256", "P-384"),
            RSA.jwk("a").replace("RS256", "PS256"),
            r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"AA"}"#.to_owned(),
        ] {
            assert_ne!(other, ec);
            let alone = refusal(&format!(r#"{{"keys": [{other}]}}"#));
            assert!(alone.contains("no key of the set"), "{other}: {alone}");
            let beside = format!(r#"{{"keys": [{other}, {}]}}"#, EC.jwk("b"));
            let beside = Jwks::parse(&beside).unwrap();
            assert!(beside.get("a").is_none() && beside.get("b").is_some());
        }
    }

    #[test]
    fn what_is_not_a_sound_set_is_refused() {
        let ec = EC.jwk("a");
        let short = BASE64_URL_SAFE_NO_PAD.encode([0xff_u8; 255]);
        // 2048 bits by its bytes, 2047 by its value; and a long run of leading zeros.
        let just_short = BASE64_URL_SAFE_NO_PAD.encode([&[0x7f][..], &[0xff; 255]].concat());
        let padded = BASE64_URL_SAFE_NO_PAD.encode([&[0; 256][..], &[0xff; 128]].concat());
        let rsa = |n: &str, e: &str| format!(r#"{{"kty":"RSA","kid":"a","n":"{n}","e":"{e}"}}"#);
        let long = BASE64_URL_SAFE_NO_PAD.encode([0xff_u8; 256]);
        for (key, why) in [
            (rsa(&short, "AQAB"), "less than 2048 bits"),
            (rsa(&just_short, "AQAB"), "less than 2048 bits"),
            (rsa(&padded, "AQAB"), "less than 2048 bits"),
            (rsa("", "AQAB"), "less than 2048 bits"),
            (rsa(&long, "AQ"), "exponent"),
            (rsa(&long, "AQAA"), "exponent"),
            (rsa(&long, ""), "exponent"),
            (rsa("+/", "AQAB"), "base64url"),
            (
                r#"{"kty":"RSA","kid":"a","e":"AQAB"}"#.to_owned(),
                "lacks a part",
            ),
            (
                r#"{"kty":"oct","kid":"a","k":"c2VjcmV0"}"#.to_owned(),
                "not a public key",
            ),
            (
                ec.replace(r#""use""#, r#""d":"AA","use""#),
                "not a public key",
            ),
            (ec.replace(r#""kid":"a","#, ""), "has no kid"),
            (ec.replace(r#""kid":"a""#, r#""kid":"""#), "has no kid"),
            (format!("{ec},{ec}"), "same kid"),
            (
                ec.replace(r#""kid":"a""#, r#""kid":"a","z":1,"z":1"#),
                "named twice",
            ),
            (
                ec.replace(r#""kid":"a""#, r#""kid":"b","kid":"a""#),
                "named twice",
            ),
            (ec.replace(r#""x":"#, r#""x":"AAAA","z":"#), "32 bytes"),
            (
                format!(
                    r#"{{"kty":"EC","crv":"P-256","kid":"a","x":"{0}","y":"{0}"}}"#,
                    BASE64_URL_SAFE_NO_PAD.encode([1_u8; 32])
                ),
                "not a point",
            ),
        ] {
            let refusal = refusal(&format!(r#"{{"keys": [{key}]}}"#));
            assert!(refusal.contains(why), "{key}: {refusal}");
        }
        for text in ["", "[]", "{}", r#"{"keys": {}}"#, r#"{"keys": [1]}"#] {
            assert!(refusal(text).starts_with("not a JWK set"), "{text}");
        }
        assert!(refusal(r#"{"keys": []}"#).contains("no key of the set"));
    }

    #[test]
    fn of_others_sets_only_the_unsound_keys_are_left_out() {
        let unsound = r#"{"kty":"RSA","kid":"u","n":"AQAB","e":"AQAB"}"#;
        let ec = |kid| EC.jwk(kid);
        let (jwks, discarded) = Jwks::parse_foreign(&format!(
            r#"{{"keys": [{}, {}, 7, {unsound}, {}, {{"kty":"RSA","n":7}}, {}, {}]}}"#,
            ec("a"),
            RSA.jwk("b"),
            ec("a"),
            ec("a"),
            ec("c").replace(r#""kid":"c","#, ""),
        ))
        .unwrap();
        assert_eq!(format!("{jwks:?}"), r#"{"b"}"#);
        let discarded: Vec<_> = discarded.iter().map(|s| (&*s.name, s.reason)).collect();
        assert_eq!(
            discarded,
            [
                ("number 3", "is not a JWK"),
                (
                    "u",
                    "is an RSA key of less than 2048 bits, or more than 8192"
                ),
                ("a", DUPLICATE_KID),
                ("a", DUPLICATE_KID),
                ("number 6", "is not a JWK"),
                ("a", DUPLICATE_KID),
                ("number 8", "has no kid"),
            ]
        );
        let sound = ec("b");
        for secret in [
            r#"{"kty":"oct","kid":"a","k":"c2VjcmV0"}"#,
            // Even where the rest of it is no key.
            r#"{"kty":"RSA","n":7,"d":"AA"}"#,
            r#"{"kid":"a","p":"AA"}"#,
            r#"{"kty":"oct","kid":7}"#,
        ] {
            let refused = Jwks::parse_foreign(&format!(r#"{{"keys": [{sound}, {secret}]}}"#));
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains("a secret has leaked"), "{refused}");
        }
        let alone = Jwks::parse_foreign(&format!(r#"{{"keys": [{unsound}]}}"#));
        assert!(matches!(alone, Err(JwksError::Empty)));
        assert!(matches!(Jwks::parse_foreign("[]"), Err(JwksError::Form(_))));
    }
}
