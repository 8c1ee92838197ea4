//! Conditions and ranges of a request (RFC 9110, sections 13 and 14).

use aws_lc_rs::digest::{SHA256, digest};
use http::{
    HeaderMap,
    header::{IF_NONE_MATCH, IF_RANGE, RANGE},
};

use crate::crypto::hex::hex;

/// A strong ETag of something, with its quotation marks.
pub(super) fn etag(of: &[u8]) -> String {
    let digest = digest(&SHA256, of);
    format!("\"{}\"", hex(&digest.as_ref()[..16]))
}

/// Whether the caller has it already.
pub(super) fn is_unchanged(request: &HeaderMap, etag: &str) -> bool {
    request
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        // A comparison that is weak: what is the same is not sent again.
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// Bytes from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ByteRange {
    pub(super) first: u64,
    pub(super) last: u64,
}

/// A range that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AskedRange {
    /// From a byte on, to another or to the end.
    From(u64, Option<u64>),
    /// So many bytes at the end.
    Last(u64),
}

impl AskedRange {
    /// What it is of a file of this size; `None`: nothing.
    pub(super) fn of(self, size: u64) -> Option<ByteRange> {
        let end = size.checked_sub(1)?;
        let range = match self {
            Self::From(first, last) => ByteRange {
                first,
                last: last.unwrap_or(end).min(end),
            },
            Self::Last(0) => return None,
            Self::Last(length) => ByteRange {
                first: size.saturating_sub(length),
                last: end,
            },
        };
        (range.first <= range.last).then_some(range)
    }
}

/// The one range that is asked for, where the file is still the one that the caller has a part of. Several, or none that can be read, are
/// as good as none: the whole file is an answer too.
pub(super) fn range(request: &HeaderMap, etag: &str) -> Option<AskedRange> {
    if let Some(condition) = request.get(IF_RANGE)
        && condition.as_bytes() != etag.as_bytes()
    {
        return None;
    }
    let mut values = request.get_all(RANGE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let value = value.to_str().ok()?;
    let (unit, range) = value.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More than 2^64 bytes are beyond any end.
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (first, last) {
        ("", last) => Some(AskedRange::Last(number(last)?)),
        (first, "") => Some(AskedRange::From(number(first)?, None)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(AskedRange::From(first, Some(last)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str, if_range: Option<&str>) -> Option<AskedRange> {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, text.parse().unwrap());
        if let Some(tag) = if_range {
            headers.insert(IF_RANGE, tag.parse().unwrap());
        }
        range(&headers, "\"a\"")
    }

    #[test]
    fn a_range_is_one_and_of_this_file() {
        let part = |text: &str| asked(text, None).and_then(|range| range.of(10));
        let bytes = |first, last| Some(ByteRange { first, last });
        assert_eq!(part("bytes=0-"), bytes(0, 9));
        assert_eq!(part("bytes=3-4"), bytes(3, 4));
        assert_eq!(part("bytes=3-99"), bytes(3, 9));
        assert_eq!(part("bytes=-3"), bytes(7, 9));
        assert_eq!(part("bytes=-99"), bytes(0, 9));
        assert_eq!(part("Bytes=9-"), bytes(9, 9));
        for nothing in ["bytes=10-", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert!(asked(nothing, None).is_some());
            assert_eq!(part(nothing), None, "{nothing}");
        }
        assert_eq!(AskedRange::From(0, None).of(0), None);
        for none in [
            "bytes=",
            "bytes=-",
            "bytes=4-3",
            "bytes=1-2,4-5",
            "lines=1-",
            "bytes=+1-",
            "bytes=a-",
            "1-",
        ] {
            assert_eq!(asked(none, None), None, "{none}");
        }
        assert!(asked("bytes=1-", Some("\"a\"")).is_some());
        assert_eq!(asked("bytes=1-", Some("\"b\"")), None);
        assert_eq!(asked("bytes=1-", Some("W/\"a\"")), None);
    }

    #[test]
    fn what_a_caller_has_is_told_by_its_tag() {
        for (value, is) in [
            ("\"a\"", true),
            ("\"b\", W/\"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, value.parse().unwrap());
            assert_eq!(is_unchanged(&headers, "\"a\""), is, "{value}");
        }
    }
}
