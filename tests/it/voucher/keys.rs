//! Keys, and what is signed with them: right by default, and wrong in any one place.

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::AsDer as _,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RsaKeyPair as SigningRsa,
    },
};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

pub static PDND: LazyLock<TokenKey> = LazyLock::new(TokenKey::rsa);
pub static CONSUMER: LazyLock<TokenKey> = LazyLock::new(TokenKey::rsa);
pub static CLIENT_EC: LazyLock<TokenKey> = LazyLock::new(TokenKey::ec);
pub static CLIENT_RSA: LazyLock<TokenKey> = LazyLock::new(TokenKey::rsa);
pub static EVIL: LazyLock<TokenKey> = LazyLock::new(TokenKey::rsa);

/// A key pair.
pub struct TokenKey {
    pub algorithm: Algorithm,
    signing: EncodingKey,
    /// The public key, without kid.
    pub jwk: Value,
}

pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

pub fn sha256(text: &str) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes())
        .as_ref()
        .to_vec()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl TokenKey {
    pub fn rsa() -> Self {
        let pkcs8 = RsaKeyPair::generate(KeySize::Rsa2048)
            .unwrap()
            .as_der()
            .unwrap();
        let pair = SigningRsa::from_pkcs8(pkcs8.as_ref()).unwrap();
        let public = pair.public_key();
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            BASE64_STANDARD.encode(pkcs8.as_ref())
        );
        Self {
            algorithm: Algorithm::RS256,
            signing: EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(),
            jwk: json!({
                "kty": "RSA",
                "n": b64(public.modulus().big_endian_without_leading_zero()),
                "e": b64(public.exponent().big_endian_without_leading_zero()),
            }),
        }
    }

    pub fn ec() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = pair.public_key().as_ref();
        Self {
            algorithm: Algorithm::ES256,
            signing: EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref()),
            jwk: json!({"kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..])}),
        }
    }

    /// The public key under a kid.
    pub fn with_kid(&self, kid: &str) -> Value {
        let mut jwk = self.jwk.clone();
        jwk["kid"] = json!(kid);
        jwk
    }

    /// RFC 7638, written here once more: by the RFC, and not by the program.
    pub fn jkt(&self) -> String {
        let member = |name: &str| self.jwk[name].as_str().unwrap();
        let text = if self.algorithm == Algorithm::RS256 {
            format!(
                r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
                member("e"),
                member("n")
            )
        } else {
            format!(
                r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
                member("x"),
                member("y")
            )
        };
        b64(sha256(&text))
    }

    pub fn alg(&self) -> &'static str {
        if self.algorithm == Algorithm::RS256 {
            "RS256"
        } else {
            "ES256"
        }
    }

    /// A JWS of these parts, whatever they say.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_texts(&header.to_string(), &claims.to_string())
    }

    /// A JWS of these texts as they stand: a `Value` names no member twice.
    pub fn sign_texts(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", b64(header), b64(claims));
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &self.signing, self.algorithm).unwrap();
        format!("{message}.{signature}")
    }
}

/// A JWS with an HMAC: what a confused verifier takes a public key for the secret of.
pub fn hmac(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let message = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
    let key = EncodingKey::from_secret(secret);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

/// Sets a member, or takes it out where the value is `Null`.
pub fn set(object: &mut Value, member: &str, value: Value) {
    if value.is_null() {
        object.as_object_mut().unwrap().remove(member);
    } else {
        object[member] = value;
    }
}
