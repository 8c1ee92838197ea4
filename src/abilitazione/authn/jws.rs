//! A JWS in its compact form (RFC 7515): what token, proof and evidence have in common.
//!
//! ```text
//! eyJhbGciOiJSUzI1NiIsImtpZCI6IjIwMjYtYSIsInR5cCI6ImF0K2p3dCJ9 . eyJpc3MiOi… . kX3f…
//! {"alg":"RS256","kid":"2026-a","typ":"at+jwt"}                   payload       signature of the two, as they stand
//! ```
//!
//! Parsing believes nothing: header and payload are the sender's texts until [`Jws::verifies`] says otherwise. What two readers
//! could read differently is not even parsed ([`super::json`]).

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{
    json::{self, JsonDefect},
    jwk::{Jwk, VerifyingKey},
};

/// Far more than a token with a few claims needs.
pub(super) const MAX_BYTES: usize = 8 * 1024;

/// The protected header.
#[derive(Deserialize)]
pub(super) struct JwsHeader {
    pub(super) alg: String,
    pub(super) kid: Option<String>,
    pub(super) typ: Option<String>,
    pub(super) jwk: Option<Jwk>,
    /// Whether it is there, whatever it is: `null` names nothing and is no list either (RFC 7515, section 4.1.11).
    #[serde(default, deserialize_with = "is_there")]
    crit: bool,
}

fn is_there<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(from).map(|_| true)
}

/// A JWS, not verified.
pub(super) struct Jws<'a> {
    pub(super) header: JwsHeader,
    payload: Vec<u8>,
    message: &'a str,
    signature: &'a str,
}

impl<'a> Jws<'a> {
    /// Takes a text apart.
    ///
    /// # Errors
    /// It is no JWS, names a member twice, or has critical headers.
    pub(super) fn parse(text: &'a str) -> Result<Self, &'static str> {
        if text.len() > MAX_BYTES {
            return Err("is longer than 8 KiB");
        }
        const FORM: &str = "is not a signed JWT: three parts in base64url, joined by points";
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(FORM);
        };
        let decode = |part| BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| FORM);
        let header = decode(header)?;
        if json::check_members(&header) == Err(JsonDefect::DuplicateMember) {
            return Err("names a member of its header twice");
        }
        let header: JwsHeader = serde_json::from_slice(&header)
            .map_err(|_| "has a header that is not a JSON object with alg")?;
        if header.crit {
            return Err("has critical headers (crit), which are not understood here");
        }
        let payload = decode(payload)?;
        // What is no JSON at all, the claims will tell.
        if json::check_members(&payload) == Err(JsonDefect::DuplicateMember) {
            return Err("names a claim twice, or a member inside one");
        }
        Ok(Self {
            header,
            message: &text[..text.len() - signature.len() - 1],
            payload,
            signature,
        })
    }

    /// The payload as claims.
    ///
    /// # Errors
    /// It is not these claims.
    pub(super) fn claims<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.payload)
    }

    /// Whether the header says the algorithm of this key.
    pub(super) fn is_for(&self, key: &VerifyingKey) -> bool {
        self.header.alg == key.algorithm.as_str()
    }

    /// Whether this key has signed it, by the key's algorithm.
    pub(super) fn verifies(&self, key: &VerifyingKey) -> bool {
        let algorithm = key.algorithm.into();
        let message = self.message.as_bytes();
        jsonwebtoken::crypto::verify(self.signature, message, &key.key, algorithm).unwrap_or(false)
    }

    /// `typ`, without the `application/` that RFC 7515 lets one leave out, in small letters.
    pub(super) fn typ(&self) -> Option<String> {
        let typ = self.header.typ.as_ref()?.to_ascii_lowercase();
        let short = typ.strip_prefix("application/").unwrap_or(&typ);
        Some(short.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_jws_is_refused() {
        let b64 = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let header = b64(r#"{"alg":"ES256"}"#);
        assert!(Jws::parse(&format!("{header}..")).is_ok());
        for (text, why) in [
            (String::new(), "three parts"),
            (format!("{header}.e30"), "three parts"),
            (format!("{header}.e30.AA.AA"), "three parts"),
            (format!("{header}=.e30.AA"), "three parts"),
            (format!("{header}.e3*.AA"), "three parts"),
            (format!("{}.e30.AA", b64("[]")), "header"),
            (format!("{}.e30.AA", b64("{}")), "header"),
            (format!("{}.e30.AA", b64(r#"{"alg":1}"#)), "header"),
            // Which of the two one reads must not depend on the reader.
            (
                format!("{}.e30.AA", b64(r#"{"alg":"ES256","alg":"none"}"#)),
                "header",
            ),
            (
                format!("{}.e30.AA", b64(r#"{"alg":"ES256","crit":["exp"]}"#)),
                "critical",
            ),
            (
                format!("{}.e30.AA", b64(r#"{"alg":"ES256","crit":null}"#)),
                "critical",
            ),
            (
                format!("{header}.{}.AA", b64(r#"{"a":{"b":1,"b":1}}"#)),
                "twice",
            ),
            (format!("{header}.{}.AA", "A".repeat(MAX_BYTES)), "8 KiB"),
        ] {
            let error = Jws::parse(&text).err().unwrap();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn the_media_type_has_two_spellings() {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
            let header = BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"x","typ":"{typ}"}}"#));
            let text = format!("{header}.e30.");
            assert_eq!(Jws::parse(&text).unwrap().typ().as_deref(), Some("at+jwt"));
        }
    }
}
