//! The claims of a token, and what token and evidence have in common.

use chrono::DateTime;
use serde::{Deserialize, de};
use serde_json::{Map, Value};

use super::numeric_date::NumericDate;

/// The payload of a token.
#[derive(Deserialize)]
pub(super) struct TokenClaims {
    pub(super) iss: String,
    pub(super) aud: Audience,
    pub(super) exp: NumericDate,
    pub(super) nbf: Option<NumericDate>,
    pub(super) jti: Option<String>,
    #[serde(rename = "purposeId")]
    pub(super) purpose_id: Option<String>,
    pub(super) digest: Option<DigestClaim>,
    pub(super) cnf: Option<Cnf>,
    /// All of them by their names: for those that an issuer chooses. Not flattened, which would read every number as a float.
    #[serde(skip)]
    pub(super) others: Map<String, Value>,
}

/// The evidence that a voucher names.
#[derive(Deserialize)]
pub(super) struct DigestClaim {
    pub(super) alg: String,
    pub(super) value: String,
}

/// What a token is bound to (RFC 7800).
#[derive(Deserialize)]
pub(super) struct Cnf {
    pub(super) jkt: Option<String>,
}

/// The names of an audience: an array, or a text with one, or with several joined by commas, as PDND writes them.
pub(super) struct Audience(pub(super) Vec<String>);

impl Audience {
    pub(super) fn names(&self, ours: &[String]) -> bool {
        self.0.iter().any(|name| ours.contains(name))
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: de::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            One(String),
            Many(Vec<String>),
        }
        Ok(Self(match Form::deserialize(from)? {
            Form::One(names) => names
                .split(',')
                .map(|name| name.trim().to_owned())
                .collect(),
            Form::Many(names) => names,
        }))
    }
}

/// The instant, and how far the other's clock may be off, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct NowWithLeeway {
    pub(super) now: i64,
    pub(super) leeway: i64,
}

impl NowWithLeeway {
    /// Whether an `exp` is over.
    pub(super) fn is_past(self, exp: i64) -> bool {
        self.now >= exp.saturating_add(self.leeway)
    }

    /// Whether an `nbf` or `iat` is still to come.
    pub(super) fn is_future(self, nbf: i64) -> bool {
        self.now < nbf.saturating_sub(self.leeway)
    }
}

/// A UUID (RFC 9562, section 4) in small letters.
pub(super) fn uuid(text: &str) -> Option<Box<str>> {
    let groups = text.split('-').map(str::len);
    let digits = |byte: u8| byte == b'-' || byte.is_ascii_hexdigit();
    (groups.eq([8, 4, 4, 4, 12]) && text.bytes().all(digits))
        .then(|| text.to_ascii_lowercase().into())
}

/// Seconds, for people.
pub(super) fn instant(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).map_or(seconds.to_string(), |at| at.to_rfc3339())
}
