//! Keys for tests, made anew in each process.

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

pub(crate) struct TestSigningKey {
    pub(crate) algorithm: Algorithm,
    pub(crate) signing: EncodingKey,
    /// The members of the JWK that are the key itself.
    members: String,
    /// What an attacker may take for an HMAC secret.
    pub(crate) public: Vec<u8>,
}

pub(crate) static EC: LazyLock<TestSigningKey> = LazyLock::new(ec);
pub(crate) static OTHER_EC: LazyLock<TestSigningKey> = LazyLock::new(ec);
pub(crate) static RSA: LazyLock<TestSigningKey> = LazyLock::new(rsa);

impl TestSigningKey {
    pub(crate) fn jwk(&self, kid: &str) -> String {
        let alg = if self.algorithm == Algorithm::ES256 {
            "ES256"
        } else {
            "RS256"
        };
        format!(
            r#"{{"kid":"{kid}","use":"sig","alg":"{alg}",{}}}"#,
            self.members
        )
    }
}

fn ec() -> TestSigningKey {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = pair.public_key().as_ref();
    let b64 = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    TestSigningKey {
        algorithm: Algorithm::ES256,
        signing: EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref()),
        members: format!(
            r#""kty":"EC","crv":"P-256","x":"{}","y":"{}""#,
            b64(&point[1..33]),
            b64(&point[33..])
        ),
        public: point.to_vec(),
    }
}

fn rsa() -> TestSigningKey {
    let pkcs8 = RsaKeyPair::generate(KeySize::Rsa2048)
        .unwrap()
        .as_der()
        .unwrap();
    let pair = SigningRsa::from_pkcs8(pkcs8.as_ref()).unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        BASE64_STANDARD.encode(pkcs8.as_ref())
    );
    let public = pair.public_key();
    let b64 = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    TestSigningKey {
        algorithm: Algorithm::RS256,
        signing: EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(),
        members: format!(
            r#""kty":"RSA","n":"{}","e":"{}""#,
            b64(public.modulus().big_endian_without_leading_zero()),
            b64(public.exponent().big_endian_without_leading_zero())
        ),
        public: public.as_ref().to_vec(),
    }
}
