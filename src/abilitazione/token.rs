//! Who calls: the bearer token of a request.
//!
//! ```text
//! authorization: Bearer eyJhbGciOiJFUzI1NiIsImtpZCI6IjIwMjYtYSJ9.eyJzdWIiOiJtZWYtcmdzLWJlIiwi….MEUCIQ…
//!                       {"alg":"ES256","kid":"2026-a"}           {"sub":"mef-rgs-be","iss":…,"aud":…,"exp":…,"nbf":…}
//! ```
//!
//! Nothing of a token is believed before its signature is verified with the key that its `kid` names, by the algorithm
//! of that key. Then issuer, audience and both times must be there and right. The reason of a refusal tells the caller what
//! to mend; a token whose signature does not verify is told nothing more than that.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, header::AUTHORIZATION};
use serde::Deserialize;

use super::Jwks;
use crate::{
    clock::Clock,
    error::{Error, Reason, Result},
};

/// Far more than a token with a few claims needs.
const MAX_BYTES: usize = 8 * 1024;

/// Verifies tokens.
#[derive(Debug)]
pub struct TokenVerifier {
    jwks: Jwks,
    issuer: String,
    audience: String,
    leeway: i64,
    clock: Clock,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    sub: String,
    exp: i64,
    nbf: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    /// One, or several joined by commas, as some issuers of the public administration write them.
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn names(&self, audience: &str) -> bool {
        match self {
            Self::One(names) => names.split(',').any(|name| name.trim() == audience),
            Self::Many(names) => names.iter().any(|name| name == audience),
        }
    }
}

fn missing(message: &'static str) -> Error {
    Error::new(Reason::TokenMissing, message)
}

fn invalid(message: &'static str) -> Error {
    Error::new(Reason::TokenInvalid, message)
}

/// Whether a text can be the subject of a token and of a grant.
pub(super) fn is_soggetto(text: &str) -> bool {
    // A control character would break the log's lines, and NUL is not a text to Postgres.
    (1..=255).contains(&text.len()) && text.trim() == text && !text.contains(char::is_control)
}

impl TokenVerifier {
    /// A verifier of the tokens that `issuer` gives for `audience`. The clocks may differ by `leeway_seconds`.
    #[must_use]
    pub fn new(
        jwks: Jwks,
        issuer: impl Into<String>,
        audience: impl Into<String>,
        leeway_seconds: u64,
        clock: Clock,
    ) -> Self {
        Self {
            jwks,
            issuer: issuer.into(),
            audience: audience.into(),
            leeway: leeway_seconds.try_into().unwrap_or(i64::MAX),
            clock,
        }
    }

    /// The subject of the request's token.
    ///
    /// # Errors
    /// One of the `TOKEN_…` reasons.
    pub fn soggetto(&self, headers: &HeaderMap) -> Result<String> {
        self.verify(bearer(headers)?)
    }

    fn verify(&self, token: &str) -> Result<String> {
        let claims: Claims = serde_json::from_slice(&self.verified_payload(token)?).map_err(|_| {
            invalid("a claim is missing or of the wrong type: iss, aud, sub (texts), exp, nbf (whole seconds)")
        })?;
        if claims.iss != self.issuer {
            return Err(Error::new(
                Reason::TokenWrongIssuer,
                "the token is of another issuer",
            ));
        }
        if !claims.aud.names(&self.audience) {
            return Err(Error::new(
                Reason::TokenWrongAudience,
                "the token is for another audience",
            ));
        }
        let now = self.clock.now().timestamp();
        if now >= claims.exp.saturating_add(self.leeway) {
            return Err(Error::new(Reason::TokenExpired, "the token has expired"));
        }
        if now < claims.nbf.saturating_sub(self.leeway) {
            return Err(Error::new(
                Reason::TokenNotYetValid,
                "the token is not valid yet",
            ));
        }
        if !is_soggetto(&claims.sub) {
            return Err(invalid("the subject of the token is not a name"));
        }
        Ok(claims.sub)
    }

    /// The payload of a token whose signature is right.
    fn verified_payload(&self, token: &str) -> Result<Vec<u8>> {
        if token.len() > MAX_BYTES {
            return Err(invalid("the token is longer than 8 KiB"));
        }
        const FORM: &str = "not a signed JWT";
        let (message, signature) = token.rsplit_once('.').ok_or_else(|| invalid(FORM))?;
        let (_, payload) = message.split_once('.').ok_or_else(|| invalid(FORM))?;
        // Fails on a fourth part, and on an algorithm that is no signature, such as none.
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid(FORM))?;
        if header.crit.is_some() {
            return Err(invalid(
                "the token has critical headers, which are not understood here",
            ));
        }
        let key = header
            .kid
            .as_deref()
            .ok_or_else(|| invalid("the token has no kid"))
            .and_then(|kid| {
                self.jwks
                    .get(kid)
                    .ok_or_else(|| invalid("the token's kid is not known"))
            })?;
        // The key says which algorithm; a token that says another is not for this key.
        if header.alg != key.algorithm {
            return Err(invalid("the token's algorithm is not that of its key"));
        }
        let verified =
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key.key, key.algorithm);
        if !verified.unwrap_or(false) {
            return Err(invalid("the token's signature does not verify"));
        }
        BASE64_URL_SAFE_NO_PAD
            .decode(payload)
            .map_err(|_| invalid(FORM))
    }
}

/// The one bearer token of a request.
fn bearer(headers: &HeaderMap) -> Result<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (Some(value), None) => value,
        (None, _) => return Err(missing("there is no authorization in the metadata")),
        // Which of them a proxy before us has looked at is anybody's guess.
        (Some(_), Some(_)) => {
            return Err(missing(
                "there is more than one authorization in the metadata",
            ));
        }
    };
    let value = value
        .to_str()
        .map_err(|_| invalid("the authorization is not ASCII"))?;
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim_start()),
        _ => Err(missing("the authorization is not `Bearer <token>`")),
    }
}

#[cfg(test)]
mod tests;
