//! `grpc-timeout`: how long a caller waits, as gRPC over HTTP/2 writes it.
//!
//! ```text
//! Timeout → "grpc-timeout" TimeoutValue TimeoutUnit
//! TimeoutValue → {ASCII string of at most 8 digits}        TimeoutUnit → H | M | S | m | u | n
//! ```

use std::time::Duration;

use http::HeaderMap;

use crate::{
    error::{Error, Result, Violation},
    valori::ValueDefect,
};

/// The name of the header, and of the field in the error.
const HEADER: &str = "grpc-timeout";
const MAX_DIGITS: usize = 8;
/// Longer than any call is: what is beyond it need not be told apart.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

const MALFORMED: ValueDefect = ValueDefect::new(
    "must be one to eight digits and a unit (H, M, S, m, u, n), once",
    "deve avere da una a otto cifre e un'unità (H, M, S, m, u, n), una sola volta",
);

/// What the caller asks for. `None`: it waits as long as it takes.
///
/// # Errors
/// [`Reason::InvalidRequest`](crate::error::Reason::InvalidRequest): the header is none.
pub(super) fn asked(headers: &HeaderMap) -> Result<Option<Duration>> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let parsed = match values.next() {
        None => parse(value.as_bytes()),
        Some(_) => None,
    };
    parsed.map(Some).ok_or_else(|| {
        Error::invalid(vec![Violation {
            field: HEADER.to_owned(),
            defect: MALFORMED,
        }])
    })
}

fn parse(text: &[u8]) -> Option<Duration> {
    let (unit, digits) = text.split_last()?;
    if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let n = digits
        .iter()
        .fold(0, |n, digit| n * 10 + u64::from(digit - b'0'));
    let timeout = match unit {
        b'H' => Duration::from_secs(n * 3600),
        b'M' => Duration::from_secs(n * 60),
        b'S' => Duration::from_secs(n),
        b'm' => Duration::from_millis(n),
        b'u' => Duration::from_micros(n),
        b'n' => Duration::from_nanos(n),
        _ => return None,
    };
    Some(timeout.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn asked_in(values: &[&[u8]]) -> Result<Option<Duration>> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_bytes(value).unwrap());
        }
        asked(&headers)
    }

    #[test]
    fn every_unit_is_read_and_eight_digits() {
        for (text, expected) in [
            ("3H", Duration::from_secs(10_800)),
            ("2M", Duration::from_secs(120)),
            ("00000001S", Duration::from_secs(1)),
            ("250m", Duration::from_millis(250)),
            ("7u", Duration::from_micros(7)),
            ("99999999n", Duration::from_nanos(99_999_999)),
            ("0m", Duration::ZERO),
            ("99999999H", LONGEST),
        ] {
            assert_eq!(
                asked_in(&[text.as_bytes()]).unwrap(),
                Some(expected),
                "{text}"
            );
        }
        assert_eq!(asked_in(&[]).unwrap(), None);
    }

    #[test]
    fn what_the_specification_does_not_know_is_refused() {
        for values in [
            &[&b""[..]][..],
            &[b"S"],
            &[b"1"],
            &[b"1s"],
            &[b"1 S"],
            &[b"+1S"],
            &[b"-1S"],
            &[b"1.5S"],
            &[b"123456789m"],
            &[b"1\xc2\xb5"],
            &[b"1S", b"2S"],
            &[b"1S,2S"],
        ] {
            let error = asked_in(values).unwrap_err();
            assert_eq!(error.violations[0].field, HEADER, "{values:?}");
        }
    }
}
