//! What a browser holds for us and must not change.
//!
//! ```text
//! base64url(content) . base64url(HMAC-SHA256(key; purpose, 0, content))
//! ```
//!
//! A cookie that was sealed for one purpose is none for another. The content can be read by whoever has the cookie: it holds nothing that its
//! browser must not know.

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

/// Far more than any of ours.
const MAX_TEXT: usize = 4096;

/// The key of cookies. All instances have the same.
#[derive(Debug, Clone)]
pub struct CookieKey(hmac::Key);

impl CookieKey {
    /// What the key is derived for.
    pub const PURPOSE: &'static [u8] = b"omnia cookie 1";

    /// Of raw bytes.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// A content as a cookie holds it.
    #[must_use]
    pub fn seal(&self, purpose: &str, content: &[u8]) -> String {
        let text = BASE64_URL_SAFE_NO_PAD.encode(content);
        format!("{text}.{}", self.tag(purpose, content))
    }

    /// The content of a cookie. `None`: it is not one that was sealed for this.
    #[must_use]
    pub fn open(&self, purpose: &str, cookie: &str) -> Option<Vec<u8>> {
        let (text, tag) = cookie
            .split_once('.')
            .filter(|_| cookie.len() <= MAX_TEXT)?;
        let content = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        self.is_tag(purpose, &content, tag).then_some(content)
    }

    /// What proves that a content is ours, for this purpose.
    #[must_use]
    pub fn tag(&self, purpose: &str, content: &[u8]) -> String {
        let tag = hmac::sign(&self.0, &message(purpose, content));
        BASE64_URL_SAFE_NO_PAD.encode(tag)
    }

    /// Whether this is the tag of it. In constant time.
    #[must_use]
    pub fn is_tag(&self, purpose: &str, content: &[u8], tag: &str) -> bool {
        let Ok(tag) = BASE64_URL_SAFE_NO_PAD.decode(tag) else {
            return false;
        };
        hmac::verify(&self.0, &message(purpose, content), &tag).is_ok()
    }
}

/// No purpose has a zero byte in it.
fn message(purpose: &str, content: &[u8]) -> Vec<u8> {
    [purpose.as_bytes(), &[0], content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_for_this_is_opened() {
        let key = CookieKey::new(&[1; 32]);
        let cookie = key.seal("session", b"secret");
        assert_eq!(key.open("session", &cookie).unwrap(), b"secret");
        assert_eq!(key.open("form", &cookie), None);
        assert_eq!(CookieKey::new(&[2; 32]).open("session", &cookie), None);
        for n in 0..cookie.len() {
            let mut changed = cookie.clone().into_bytes();
            changed[n] = if changed[n] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(key.open("session", &changed), None, "{changed}");
        }
        for bad in [
            "",
            ".",
            "c2VjcmV0",
            &format!("{cookie}="),
            &"A".repeat(9000),
        ] {
            assert_eq!(key.open("session", bad), None, "{bad}");
        }
    }
}
