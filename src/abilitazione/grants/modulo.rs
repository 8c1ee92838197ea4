//! Where a grant came from: the PEC message and the form in it.

use std::fmt;

use crate::{crypto::hex::hex, valori::ValueDefect};

const PROTOCOLLO: ValueDefect = ValueDefect::new(
    "must be a protocol number: 1 to 100 characters, no control characters, no blanks at its ends",
    "deve essere un numero di protocollo: da 1 a 100 caratteri, senza spazi alle estremità",
);
const IMPRONTA: ValueDefect = ValueDefect::new(
    "must be the SHA-256 of the form: 64 hexadecimal digits",
    "deve essere l'impronta SHA-256 del modulo: 64 cifre esadecimali",
);

/// The protocol number of the PEC message that brought the form: `INPS.HERMES.22/12/2023.0004648`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtocolloPec(String);

impl ProtocolloPec {
    /// Reads it.
    ///
    /// # Errors
    /// The form is wrong.
    pub fn parse(testo: &str) -> Result<Self, ValueDefect> {
        let good = (1..=100).contains(&testo.chars().count())
            && testo.trim() == testo
            && !testo.contains(char::is_control);
        good.then(|| Self(testo.to_owned())).ok_or(PROTOCOLLO)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The SHA-256 of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImprontaModulo([u8; 32]);

impl ImprontaModulo {
    /// Reads 64 hexadecimal digits, as `sha256sum` prints them.
    ///
    /// # Errors
    /// Any other form.
    pub fn parse(testo: &str) -> Result<Self, ValueDefect> {
        // A sign would be a digit to the parser below.
        if testo.len() != 64 || !testo.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(IMPRONTA);
        }
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            let pair = testo.get(2 * i..2 * i + 2).ok_or(IMPRONTA)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| IMPRONTA)?;
        }
        Ok(Self(bytes))
    }

    /// The hash of these bytes.
    #[must_use]
    pub fn of(modulo: &[u8]) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, modulo);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        Self(bytes)
    }

    /// From the table.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, ValueDefect> {
        bytes.try_into().map(Self).map_err(|_| IMPRONTA)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ImprontaModulo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocol_numbers() {
        for good in ["INPS.HERMES.22/12/2023.0004648", "1", &"è".repeat(100)] {
            assert_eq!(ProtocolloPec::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", " ", " 1", "1 ", "1\n2", &"1".repeat(101)] {
            assert_eq!(ProtocolloPec::parse(bad), Err(PROTOCOLLO), "{bad}");
        }
    }

    #[test]
    fn hashes() {
        // RFC 6234: the hash of "abc".
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(ImprontaModulo::of(b"abc").to_string(), abc);
        let upper = ImprontaModulo::parse(&abc.to_uppercase()).unwrap();
        assert_eq!(upper, ImprontaModulo::of(b"abc"));
        assert_eq!(ImprontaModulo::from_bytes(upper.as_bytes()), Ok(upper));
        for bad in [
            "",
            &abc[1..],
            &format!("{abc}0"),
            &abc.replace("ba", "+a"),
            &"é".repeat(32),
        ] {
            assert_eq!(ImprontaModulo::parse(bad), Err(IMPRONTA), "{bad}");
        }
    }
}
