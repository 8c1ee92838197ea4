//! Resources that will go, said in each of their answers: `Deprecation` (RFC 9745) and `Sunset` (RFC 8594).
//!
//! `deprecation: "2027-01-01" sunset: "2028-01-01"` beside a path of the contract makes
//!
//! ```text
//! deprecation: @1798761600
//! sunset: Sat, 01 Jan 2028 00:00:00 GMT
//! ```

use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::valori::parse_date;

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// Since when a resource is not to be used any more, and until when it will be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EndOfLife {
    deprecation: HeaderValue,
    sunset: Option<HeaderValue>,
}

impl EndOfLife {
    /// Of two days, of which the second may be open. `None`: one is no day, or they are in the wrong order.
    pub(super) fn parse(deprecation: &str, sunset: Option<&str>) -> Option<Self> {
        let since = midnight(deprecation)?;
        let sunset = match sunset {
            None => None,
            Some(day) => {
                let until = midnight(day).filter(|until| *until > since)?;
                let text = until.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
                Some(HeaderValue::from_str(&text).ok()?)
            }
        };
        Some(Self {
            deprecation: HeaderValue::from_str(&format!("@{}", since.timestamp())).ok()?,
            sunset,
        })
    }

    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        headers.insert(DEPRECATION, self.deprecation.clone());
        if let Some(sunset) = &self.sunset {
            headers.insert(SUNSET, sunset.clone());
        }
    }
}

/// The beginning of a day (UTC).
fn midnight(day: &str) -> Option<DateTime<Utc>> {
    Some(parse_date(day).ok()?.and_hms_opt(0, 0, 0)?.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_days_are_two_headers() {
        let told = |deprecation, sunset| {
            let mut headers = HeaderMap::new();
            EndOfLife::parse(deprecation, sunset)?.tell(&mut headers);
            let text = |name: HeaderName| Some(headers.get(name)?.to_str().unwrap().to_owned());
            Some((text(DEPRECATION)?, text(SUNSET)))
        };
        let since = "@1798761600".to_owned();
        let until = "Sat, 01 Jan 2028 00:00:00 GMT".to_owned();
        assert_eq!(
            told("2027-01-01", Some("2028-01-01")),
            Some((since.clone(), Some(until)))
        );
        assert_eq!(told("2027-01-01", None), Some((since, None)));
        assert_eq!(told("2027-01-01", Some("2027-01-01")), None);
        assert_eq!(told("soon", None), None);
        assert_eq!(told("2027-01-01", Some("later")), None);
    }
}
