//! SHA-256, and how its 32 bytes are written in a token.

use aws_lc_rs::digest;

use crate::crypto::hex::hex;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

/// A SHA-256.
pub(in crate::abilitazione) type Sha256Digest = [u8; 32];

pub(in crate::abilitazione) fn sha256(bytes: &[u8]) -> Sha256Digest {
    let mut impronta = [0; 32];
    // SHA-256 has 32 bytes.
    impronta.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    impronta
}

/// From base64url, as thumbprints and `ath` are written.
pub(super) fn from_base64url(text: &str) -> Option<Sha256Digest> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// In base64url.
pub(in crate::abilitazione) fn to_base64url(impronta: &Sha256Digest) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(impronta)
}

/// In hexadecimal.
pub(super) fn to_hex(impronta: &Sha256Digest) -> String {
    hex(impronta)
}

/// From hexadecimal, as `digest.value` is written.
pub(super) fn from_hex(text: &str) -> Option<Sha256Digest> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut impronta = [0; 32];
    for (byte, i) in impronta.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(i..i + 2)?, 16).ok()?;
    }
    Some(impronta)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_spellings() {
        let impronta = sha256(b"abc");
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(to_hex(&impronta), hex);
        assert_eq!(from_hex(hex), Some(impronta));
        assert_eq!(from_hex(&hex.to_uppercase()), Some(impronta));
        let b64 = BASE64_URL_SAFE_NO_PAD.encode(impronta);
        assert_eq!(from_base64url(&b64), Some(impronta));
        for bad in ["", &hex[1..], &format!("+{}", &hex[1..]), &"é".repeat(32)] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
        for bad in ["", &b64[1..], &format!("{b64}="), &hex[..43]] {
            assert!(from_base64url(bad).is_none_or(|i| i != impronta), "{bad}");
        }
    }
}
