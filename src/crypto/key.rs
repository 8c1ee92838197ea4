//! The key that hides codici fiscali in the audit log.
//!
//! A codice fiscale has few possible values: a plain hash of it is found by trying them all. With a key it is not, and the one who
//! has the key can still ask "did anybody look this person up?" by hashing that person's code (`omnia audit cf`).

use std::{borrow::Cow, fmt, io::ErrorKind, path::Path};

use aws_lc_rs::hmac;

use super::hex::{hex, parse_32};
use crate::{
    error::Sentence,
    output::file,
    valori::{tax_codes, without_bom},
};

const BYTES: usize = 32;

/// A secret key. All instances of a service have the same.
#[derive(Clone)]
pub struct AuditKey(hmac::Key);

impl AuditKey {
    /// Of raw bytes.
    #[must_use]
    pub fn new(bytes: &[u8; BYTES]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// Reads a file of 64 hexadecimal digits, as `openssl rand -hex 32` writes it.
    ///
    /// # Errors
    /// A sentence: the file cannot be read or does not hold a key.
    pub fn from_file(path: &Path) -> Result<Self, Sentence> {
        let failed = |why: String| format!("audit.key_file {}: {why}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        let bytes = parse_32(without_bom(&text).trim()).ok_or_else(|| {
            failed("must hold 64 hexadecimal digits (`openssl rand -hex 32`)".to_owned())
        })?;
        Ok(Self::new(&bytes))
    }

    /// As [`AuditKey::from_file`]; a file that is not there is made, readable by its owner alone.
    ///
    /// # Errors
    /// As [`AuditKey::from_file`].
    pub fn create_or_load(path: &Path) -> Result<Self, Sentence> {
        let file = file::private().write(true).create_new(true).open(path);
        match file {
            Ok(mut file) => {
                let key = hex(&rand::random::<[u8; BYTES]>());
                std::io::Write::write_all(&mut file, format!("{key}\n").as_bytes())?;
                file.sync_all()?;
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("{}: {error}", path.display()).into()),
        }
        Self::from_file(path)
    }

    /// A key for something else, that says nothing about this one.
    #[must_use]
    pub fn derived(&self, purpose: &[u8]) -> [u8; BYTES] {
        // No value that is hidden in the log begins with a zero byte.
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&[0]);
        context.update(purpose);
        let mut key = [0; BYTES];
        key.copy_from_slice(context.sign().as_ref());
        key
    }

    /// A text as it stands in the log: each codice fiscale in it, however it is written, is its [`keyed_hash`](Self::keyed_hash).
    #[must_use]
    pub fn hidden<'a>(&self, text: &'a str) -> Cow<'a, str> {
        tax_codes::replaced(text, |code, _| Some(self.keyed_hash(code)))
    }

    /// What stands for a value in the log.
    #[must_use]
    pub fn keyed_hash(&self, value: &str) -> String {
        let tag = hmac::sign(&self.0, value.as_bytes());
        format!("hmac-sha256:{}", hex(tag.as_ref()))
    }
}

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditKey([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_a_bad_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let first = AuditKey::create_or_load(&path).unwrap();
        let again = AuditKey::create_or_load(&path).unwrap();
        assert_eq!(first.keyed_hash("x"), again.keyed_hash("x"));
        assert_ne!(first.keyed_hash("x"), first.keyed_hash("y"));
        assert_ne!(
            first.keyed_hash("x"),
            AuditKey::new(&[0; 32]).keyed_hash("x")
        );
        std::fs::write(&path, "short").unwrap();
        let error = AuditKey::from_file(&path).unwrap_err().to_string();
        assert!(error.contains("64 hexadecimal digits"), "{error}");
    }
}
