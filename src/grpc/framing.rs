//! The one message of a request, as it is framed (gRPC over HTTP/2, Length-Prefixed-Message).
//!
//! ```text
//! flag (0, or 1: compressed) · length (4 bytes, big endian) · so many bytes          and then the request ends
//! ```
//!
//! Every call of the contract and every health check takes one message. tonic reads the first one and does not look at what
//! follows it; a caller who sends two would believe that both were heard.

use http::HeaderMap;

use super::protocol::ENCODING;
use crate::error::{Error, Reason, Result};

/// What stands before a message: its flag and its length.
pub const PREFIX: usize = 5;

/// Checks that a body is one message. `headers` are those of its request.
///
/// # Errors
/// [`Reason::MessageCount`]: none, or bytes after the first; [`Reason::CompressedFlagInvalid`]; [`Reason::MessageMalformed`]:
/// it breaks off, or has a flag that there is not.
pub fn check(body: &[u8], headers: &HeaderMap) -> Result<()> {
    if body.is_empty() {
        return Err(count("the call takes one message, and none came"));
    }
    let Some(([flag, length @ ..], message)) = body.split_first_chunk::<PREFIX>() else {
        return Err(malformed(
            "the request ends inside the prefix of its message",
        ));
    };
    let encoded = headers.get(ENCODING).is_some_and(|how| how != "identity");
    match flag {
        0 => {}
        1 if encoded => {}
        1 => {
            return Err(Error::new(
                Reason::CompressedFlagInvalid,
                "the message has its compressed flag set, and grpc-encoding names no compression",
            ));
        }
        _ => {
            return Err(malformed(
                "the compressed flag of the message is neither 0 nor 1",
            ));
        }
    }
    // usize has 32 bits at least.
    let announced = u32::from_be_bytes(*length) as usize;
    match message.len() {
        came if came < announced => Err(malformed("the request ends before its message does")),
        came if came > announced => Err(count(
            "the call takes one message, and more bytes follow the first",
        )),
        _ => Ok(()),
    }
}

/// The length that a message announces, once its prefix is there.
#[must_use]
pub fn announced(begun: &[u8]) -> Option<usize> {
    let length: [u8; 4] = begun.get(1..PREFIX)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(length)).ok()
}

fn count(message: &'static str) -> Error {
    Error::new(Reason::MessageCount, message)
}

fn malformed(message: &'static str) -> Error {
    Error::new(Reason::MessageMalformed, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_message() {
        let gzip = HeaderMap::from_iter([(ENCODING, "gzip".parse().unwrap())]);
        let identity = HeaderMap::from_iter([(ENCODING, "identity".parse().unwrap())]);
        let none = HeaderMap::new();
        let reason = |body: &[u8], headers| check(body, headers).err().map(|e| e.reason);
        for (body, headers, expected) in [
            (&b"\0\0\0\0\0"[..], &none, None),
            (b"\0\0\0\0\x02ab", &none, None),
            (b"\x01\0\0\0\x02ab", &gzip, None),
            (b"\0\0\0\0\x02ab", &gzip, None),
            (b"", &none, Some(Reason::MessageCount)),
            (b"\0\0\0\0\0\0\0\0\0\0", &none, Some(Reason::MessageCount)),
            (b"\0\0\0\0\x01ab", &none, Some(Reason::MessageCount)),
            (b"\0", &none, Some(Reason::MessageMalformed)),
            (b"\0\0\0\0\x03ab", &none, Some(Reason::MessageMalformed)),
            (
                b"\0\xff\xff\xff\xffab",
                &none,
                Some(Reason::MessageMalformed),
            ),
            (b"\x02\0\0\0\x02ab", &gzip, Some(Reason::MessageMalformed)),
            (
                b"\x01\0\0\0\x02ab",
                &none,
                Some(Reason::CompressedFlagInvalid),
            ),
            (
                b"\x01\0\0\0\x02ab",
                &identity,
                Some(Reason::CompressedFlagInvalid),
            ),
        ] {
            assert_eq!(reason(body, headers), expected, "{body:?} {headers:?}");
        }
    }
}
