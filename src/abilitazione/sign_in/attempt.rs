//! A sign-in that is under way, as its browser holds it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::LocalPath;
use crate::abilitazione::{
    authn::{sha256, to_base64url},
    sessions::CookieKey,
};

/// How long somebody may take to type a password and find a phone.
const MINUTES: TimeDelta = TimeDelta::minutes(15);
const PURPOSE: &str = "sign-in";

/// What was asked of whom. Its three secrets are of this browser alone; the cookie is sealed, so that it cannot bring its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignInAttempt {
    pub(super) issuer: String,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    next: LocalPath,
    began_at: i64,
}

impl SignInAttempt {
    pub(super) fn new(issuer: &str, next: LocalPath, now: DateTime<Utc>) -> Self {
        let secret = || to_base64url(&rand::random());
        Self {
            issuer: issuer.to_owned(),
            state: secret(),
            nonce: secret(),
            verifier: secret(),
            next,
            began_at: now.timestamp(),
        }
    }

    /// What the provider is told of the verifier (RFC 7636, 4.2: S256).
    pub(super) fn challenge(&self) -> String {
        to_base64url(&sha256(self.verifier.as_bytes()))
    }

    /// Who was asked.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where the person wanted to go.
    #[must_use]
    pub fn next(&self) -> &LocalPath {
        &self.next
    }

    /// As the cookie holds it.
    #[must_use]
    pub fn seal(&self, key: &CookieKey) -> String {
        // Texts and a number: it is always JSON.
        let json = serde_json::to_vec(self).unwrap_or_default();
        key.seal(PURPOSE, &json)
    }

    /// That of a cookie. `None`: it is none, or it took too long.
    #[must_use]
    pub fn open(cookie: &str, key: &CookieKey, now: DateTime<Utc>) -> Option<Self> {
        let json = key.open(PURPOSE, cookie)?;
        let attempt: Self = serde_json::from_slice(&json).ok()?;
        let began_at = DateTime::from_timestamp(attempt.began_at, 0)?;
        (now - began_at <= MINUTES).then_some(attempt)
    }
}
