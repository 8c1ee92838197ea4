//! Page and resume tokens: a position in a selection, bound to that selection and to its rilevazione (AIP-158).
//!
//! A token says where the previous page ended, not how many rows came before: a load that commits between two pages moves
//! nothing. It carries a digest of the selection, so that a token used with another selection is refused and not
//! answered with rows that look right. It is opaque but not secret: what it holds of a natural person is hidden by a key, and a
//! forged position shows nothing that the caller's own selection would not.

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::error::{Error, Reason, Result};

/// 2: rows were numbered anew. A token of before would go on from another place.
const VERSION: u8 = 2;
const DIGEST_BYTES: usize = 16;
const HEADER_BYTES: usize = 1 + DIGEST_BYTES + 4;
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
pub struct Token {
    /// The selection.
    pub binding: Binding,
    /// The rilevazione that the pages belong to.
    pub rilevazione: i32,
    /// Where the previous page ended.
    pub position: Vec<u8>,
}

impl Token {
    /// The text that travels.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.position.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.binding.0);
        bytes.extend_from_slice(&self.rilevazione.to_be_bytes());
        bytes.extend_from_slice(&self.position);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads the text of a request: `None` where it is empty (the first page).
    ///
    /// # Errors
    /// [`Reason::PageTokenInvalid`]: not a token of ours, or of another selection, or of another rilevazione than
    /// the one that the request names (`None`: it names none).
    pub fn decode(text: &str, binding: Binding, rilevazione: Option<i32>) -> Result<Option<Self>> {
        if text.is_empty() {
            return Ok(None);
        }
        let bytes = (text.len() <= MAX_TEXT)
            .then(|| URL_SAFE_NO_PAD.decode(text).ok())
            .flatten()
            .ok_or_else(invalid)?;
        let (&version, rest) = bytes.split_first().ok_or_else(invalid)?;
        let (bound, rest) = rest
            .split_first_chunk::<DIGEST_BYTES>()
            .ok_or_else(invalid)?;
        let (number, position) = rest.split_first_chunk::<4>().ok_or_else(invalid)?;
        let token = Self {
            binding: Binding(*bound),
            rilevazione: i32::from_be_bytes(*number),
            position: position.to_vec(),
        };
        if version != VERSION || token.binding != binding || token.rilevazione < 1 {
            return Err(invalid());
        }
        if rilevazione.is_some_and(|asked| asked != token.rilevazione) {
            return Err(invalid());
        }
        Ok(Some(token))
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

    fn token() -> Token {
        Token {
            binding: Binding::of(&["a", "b"]),
            rilevazione: 3,
            position: vec![1, 2, 3],
        }
    }

    #[test]
    fn bound_to_selection_and_rilevazione() {
        let (token, text) = (token(), token().encode());
        let same = Token::decode(&text, Binding::of(&["a", "b"]), None).unwrap();
        assert_eq!(same, Some(token.clone()));
        assert!(Token::decode(&text, token.binding, Some(3)).is_ok());
        assert!(Token::decode(&text, token.binding, Some(2)).is_err());
        for other in [&["ab"][..], &["a"], &["b", "a"], &["a", "b", ""]] {
            assert!(Token::decode(&text, Binding::of(other), None).is_err());
        }
        assert_eq!(Token::decode("", token.binding, Some(9)).unwrap(), None);
    }

    proptest! {
        #[test]
        fn garbage_is_refused_and_never_panics(text in "\\PC{1,600}") {
            prop_assert!(Token::decode(&text, Binding::of(&[]), None).is_err());
        }

        #[test]
        fn round_trip(rilevazione in 1..i32::MAX, position in prop::collection::vec(any::<u8>(), 0..80)) {
            let token = Token { rilevazione, position, ..token() };
            let read = Token::decode(&token.encode(), token.binding, Some(rilevazione)).unwrap();
            prop_assert_eq!(read, Some(token));
        }
    }
}
