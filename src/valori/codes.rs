//! The codes: norm, benefit, Sistema UNICO, decree, employer number, rilevazione.

use std::fmt;

use super::ValueDefect;

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $check:expr, $english:literal, $italian:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Reads the code.
            ///
            /// # Errors
            /// The form is wrong.
            pub fn parse(text: &str) -> Result<Self, ValueDefect> {
                const FORM: ValueDefect = ValueDefect::new($english, $italian);
                let check: fn(&[u8]) -> bool = $check;
                if check(text.as_bytes()) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(FORM)
                }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn starts_with_alphanumeric(bytes: &[u8]) -> bool {
    bytes
        .first()
        .is_some_and(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn upper_or_dash(byte: &u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'-'
}

code!(
    /// Code of a norm: `DL109-2018-ART44`.
    CodiceNormativa,
    |b| b.len() <= 40 && starts_with_alphanumeric(b) && b.iter().all(upper_or_dash),
    "must be the code of a norm: 1 to 40 upper-case letters, digits and dashes",
    "deve essere il codice di una normativa: da 1 a 40 tra lettere maiuscole, cifre e trattini"
);
code!(
    /// Code of a benefit: `CIGS`.
    CodicePrestazione,
    |b| b.len() <= 20 && starts_with_alphanumeric(b) && b.iter().all(upper_or_dash),
    "must be the code of a benefit: 1 to 20 upper-case letters, digits and dashes",
    "deve essere il codice di una prestazione: da 1 a 20 tra lettere maiuscole, cifre e trattini"
);
code!(
    /// INPS Sistema UNICO: codice intervento and codice evento: `333-145`.
    CodificaSistemaUnico,
    |b| b.len() == 7
        && b.iter().enumerate().all(|(i, c)| if i == 3 { *c == b'-' } else { c.is_ascii_digit() }),
    "must be codice intervento and codice evento: three digits, a dash, three digits",
    "deve essere codice intervento e codice evento: tre cifre, un trattino, tre cifre"
);
code!(
    /// Number of a ministerial decree, as printed: `112233`, `145/2023`, `12 bis`.
    NumeroDecreto,
    |b| b.len() <= 32
        && b.first().is_some_and(u8::is_ascii_alphanumeric)
        && b.last().is_some_and(u8::is_ascii_alphanumeric)
        && b.iter().all(|c| c.is_ascii_alphanumeric() || b" ./-".contains(c)),
    "must be the number of a decree: 1 to 32 letters, digits, and inside it spaces, points, slashes, dashes",
    "deve essere il numero di un decreto: da 1 a 32 tra lettere, cifre e, all'interno, spazi, punti, barre, trattini"
);
code!(
    /// INPS employer number: ten digits.
    Matricola,
    |b| b.len() == 10 && b.iter().all(u8::is_ascii_digit),
    "must be an INPS employer number: 10 digits",
    "deve essere una matricola INPS: 10 cifre"
);

impl Matricola {
    /// Whether the two check digits fit. INPS does not publish the rule, so a mismatch is a warning and no more.
    #[must_use]
    pub fn check_digits_fit(&self) -> bool {
        let digit = |i: usize| u32::from(self.0.as_bytes()[i] - b'0');
        let sum = |from: usize| (from..8).step_by(2).map(digit).sum::<u32>() % 10;
        digit(8) == sum(0) && digit(9) == sum(1)
    }

    /// The number that begins with these eight digits. `None` unless they are eight digits.
    #[must_use]
    pub fn from_eight(digits: &str) -> Option<Self> {
        let mut matricola = Self::parse(&format!("{digits}00")).ok()?;
        let digit = |i: usize| u32::from(digits.as_bytes()[i] - b'0');
        let check = |from: usize| (from..8).step_by(2).map(digit).sum::<u32>() % 10;
        matricola.0 = format!("{digits}{}{}", check(0), check(1));
        Some(matricola)
    }
}

/// Number of a rilevazione: 1, 2, 3…
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NumeroRilevazione(i32);

impl NumeroRilevazione {
    /// Reads the field of a request, where 0 means the latest: `None`.
    ///
    /// # Errors
    /// A negative number.
    pub fn parse(number: i32) -> Result<Option<Self>, ValueDefect> {
        const NEGATIVE: ValueDefect = ValueDefect::new(
            "must be the number of a rilevazione, or 0 for the latest",
            "deve essere il numero di una rilevazione, oppure 0 per l'ultima",
        );
        match number {
            0 => Ok(None),
            1.. => Ok(Some(Self(number))),
            _ => Err(NEGATIVE),
        }
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> i32 {
        self.0
    }
}

impl fmt::Display for NumeroRilevazione {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for good in ["DL109-2018-ART44", "X", "DLGS148-2015-ART44C11BIS"] {
            assert!(CodiceNormativa::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-A", "dl109", "DL 109", "DL109'--", &"A".repeat(41)] {
            assert!(CodiceNormativa::parse(bad).is_err(), "{bad}");
        }
        for bad in ["", "333145", "333-14", "333-14a", "3333-145", "333–145"] {
            assert!(CodificaSistemaUnico::parse(bad).is_err(), "{bad}");
        }
        for good in ["1", "112233", "145/2023", "12 bis", "D.M.7-A"] {
            assert!(NumeroDecreto::parse(good).is_ok(), "{good}");
        }
        for bad in ["", " 1", "1 ", "=1", "1;2", "1\n2", "è", &"1".repeat(33)] {
            assert!(NumeroDecreto::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn check_digits_of_the_matricola() {
        for fits in ["7012345662", "4900012363"] {
            assert!(Matricola::parse(fits).unwrap().check_digits_fit(), "{fits}");
            assert_eq!(Matricola::from_eight(&fits[..8]).unwrap().as_str(), fits);
        }
        assert!(!Matricola::parse("7012345663").unwrap().check_digits_fit());
        assert!(Matricola::parse("701234566").is_err());
        assert_eq!(Matricola::from_eight("7012345"), None);
    }

    #[test]
    fn zero_is_the_latest() {
        assert_eq!(NumeroRilevazione::parse(0), Ok(None));
        assert_eq!(NumeroRilevazione::parse(7).unwrap().unwrap().get(), 7);
        assert!(NumeroRilevazione::parse(-1).is_err());
    }
}
