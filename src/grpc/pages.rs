//! Page and resume tokens: a position in a selection, bound to that selection and to its rilevazione (AIP-158).
//!
//! ```text
//! base64( version · MAC · rilevazione · position )        MAC = HMAC-SHA256(key; version, selection, rilevazione, position)
//! ```
//!
//! A token says where the previous page ended, not how many rows came before: a load that commits between two pages moves
//! nothing. It is authenticated by a key of the service: one in which any character was changed, cut off or added is refused, and so is
//! one that is used with another selection. Without the MAC a changed position would be another position, and give rows twice or
//! leave some out, without a word.
//!
//! A token is opaque but not secret: its position holds no personal data, and the selection is not in it.

use std::fmt;

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest, hmac};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::error::{Error, Reason, Result};

/// What the key is for: no tag of another purpose is one of a token.
pub const PURPOSE: &[u8] = b"omnia page token 3";
/// 3: authenticated. Tokens of before were not, and are refused.
const VERSION: u8 = 3;
const DIGEST_BYTES: usize = 16;
const MAC_BYTES: usize = 16;
const HEADER_BYTES: usize = 1 + MAC_BYTES + 4;
/// No token of ours comes near it.
const MAX_TEXT: usize = 512;

/// What a token is bound to: a digest over the parts of a selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding([u8; DIGEST_BYTES]);

impl Binding {
    /// The binding of these parts, in this order. Each part is hashed with its length: ("ab", "c") is not ("a", "bc").
    #[must_use]
    pub fn of(parts: &[&str]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut bytes = [0; DIGEST_BYTES];
        bytes.copy_from_slice(&context.finish().as_ref()[..DIGEST_BYTES]);
        Self(bytes)
    }
}

/// A position in a selection. `position` is the query's own business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageToken {
    /// The selection.
    pub binding: Binding,
    /// The rilevazione that the pages belong to.
    pub rilevazione: i32,
    /// Where the previous page ended.
    pub position: Vec<u8>,
}

/// Writes tokens and reads them. All instances of a service have the same key.
#[derive(Clone)]
pub struct Signer(hmac::Key);

impl Signer {
    /// With a key that serves [`PURPOSE`] and nothing else.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The text that travels.
    #[must_use]
    pub fn encode(&self, token: &PageToken) -> String {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + token.position.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.mac(token));
        bytes.extend_from_slice(&token.rilevazione.to_be_bytes());
        bytes.extend_from_slice(&token.position);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads the text of a request: `None` where it is empty (the first page).
    ///
    /// # Errors
    /// [`Reason::PageTokenInvalid`]: not a token of ours, or of another selection, or of another rilevazione than
    /// the one that the request names (`None`: it names none).
    pub fn decode(
        &self,
        text: &str,
        binding: Binding,
        rilevazione: Option<i32>,
    ) -> Result<Option<PageToken>> {
        if text.is_empty() {
            return Ok(None);
        }
        let token = self.open(text, binding).ok_or_else(invalid)?;
        if rilevazione.is_some_and(|asked| asked != token.rilevazione) {
            return Err(invalid());
        }
        Ok(Some(token))
    }

    fn open(&self, text: &str, binding: Binding) -> Option<PageToken> {
        // One text for each sequence of bytes: no padding, and no bits left over at the end.
        let bytes = (text.len() <= MAX_TEXT)
            .then(|| URL_SAFE_NO_PAD.decode(text).ok())
            .flatten()?;
        let (&version, rest) = bytes.split_first()?;
        let (mac, rest) = rest.split_first_chunk::<MAC_BYTES>()?;
        let (number, position) = rest.split_first_chunk::<4>()?;
        let token = PageToken {
            binding,
            rilevazione: i32::from_be_bytes(*number),
            position: position.to_vec(),
        };
        verify_slices_are_equal(mac, &self.mac(&token)).ok()?;
        (version == VERSION && token.rilevazione > 0).then_some(token)
    }

    /// Every part but the last has a fixed length: bytes cannot move from one to the next unnoticed.
    fn mac(&self, token: &PageToken) -> [u8; MAC_BYTES] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&[VERSION]);
        context.update(&token.binding.0);
        context.update(&token.rilevazione.to_be_bytes());
        context.update(&token.position);
        let mut mac = [0; MAC_BYTES];
        mac.copy_from_slice(&context.sign().as_ref()[..MAC_BYTES]);
        mac
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer([REDACTED])")
    }
}

/// The one error of this module; queries use it for a position that they cannot read.
#[must_use]
pub fn invalid() -> Error {
    Error::new(
        Reason::PageTokenInvalid,
        "the token is not one that this server gave for this selection and this rilevazione",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signer() -> Signer {
        Signer::new(&[7; 32])
    }

    fn token() -> PageToken {
        PageToken {
            binding: Binding::of(&["a", "b"]),
            rilevazione: 3,
            position: vec![1, 2, 3],
        }
    }

    #[test]
    fn bound_to_selection_and_rilevazione() {
        let (signer, token) = (signer(), token());
        let text = signer.encode(&token);
        let same = signer.decode(&text, Binding::of(&["a", "b"]), None);
        assert_eq!(same.unwrap(), Some(token.clone()));
        assert!(signer.decode(&text, token.binding, Some(3)).is_ok());
        assert!(signer.decode(&text, token.binding, Some(2)).is_err());
        for other in [&["ab"][..], &["a"], &["b", "a"], &["a", "b", ""]] {
            assert!(signer.decode(&text, Binding::of(other), None).is_err());
        }
        let other = Signer::new(&[8; 32]);
        assert!(other.decode(&text, token.binding, None).is_err());
        let none = signer.decode("", token.binding, Some(9));
        assert_eq!(none.unwrap(), None);
    }

    /// As the version before wrote it: the digest of the selection in the place of the MAC.
    #[test]
    fn a_token_of_the_version_before_is_refused() {
        let token = token();
        for version in [2, VERSION] {
            let before = [
                &[version][..],
                &token.binding.0,
                &token.rilevazione.to_be_bytes(),
                &token.position,
            ];
            let text = URL_SAFE_NO_PAD.encode(before.concat());
            let error = signer().decode(&text, token.binding, None).unwrap_err();
            assert_eq!(error.reason, Reason::PageTokenInvalid);
        }
    }

    proptest! {
        #[test]
        fn garbage_is_refused_and_never_panics(text in "\\PC{1,600}") {
            prop_assert!(signer().decode(&text, Binding::of(&[]), None).is_err());
        }

        #[test]
        fn round_trip(rilevazione in 1..i32::MAX, position in prop::collection::vec(any::<u8>(), 0..80)) {
            let token = PageToken { rilevazione, position, ..token() };
            let text = signer().encode(&token);
            let read = signer().decode(&text, token.binding, Some(rilevazione)).unwrap();
            prop_assert_eq!(read, Some(token));
        }

        /// A change at any place, a cut at any place, an addition.
        #[test]
        fn every_character_counts(position in prop::collection::vec(any::<u8>(), 0..40), tail in "[A-Za-z0-9_=-]{1,8}") {
            let token = PageToken { position, ..token() };
            let text = signer().encode(&token);
            let refused = |text: &str| signer().decode(text, token.binding, None).is_err();
            for at in 0..text.len() {
                let (before, after) = (&text[..at], &text[at + 1..]);
                for other in "ABYZabyz0189-_+/= \0".chars().filter(|c| !text[at..].starts_with(*c)) {
                    prop_assert!(refused(&format!("{before}{other}{after}")), "{at} {other}");
                }
                prop_assert!(at == 0 || refused(before), "cut at {at}");
                prop_assert!(refused(&format!("{before}{after}")), "without {at}");
            }
            let (after, before) = (format!("{text}{tail}"), format!("{tail}{text}"));
            prop_assert!(refused(&after) && refused(&before));
        }
    }
}
