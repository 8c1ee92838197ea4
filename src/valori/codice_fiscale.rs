//! The codice fiscale of an employer, in its two forms.
//!
//! Eleven digits for a company, with a Luhn check digit; sixteen characters for a natural person (a sole trader), with
//! a check character (D.M. 23 December 1976), where digits may be replaced by letters to tell homonyms apart (omocodia).

use std::fmt;

use super::ValueDefect;

/// A codice fiscale whose check digit or character is right. Upper case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CodiceFiscale(String);

const FORM: ValueDefect = ValueDefect::new(
    "must be a codice fiscale: 11 digits, or 16 upper-case characters",
    "deve essere un codice fiscale: 11 cifre oppure 16 caratteri maiuscoli",
);
const CHECK_DIGIT: ValueDefect = ValueDefect::new(
    "the check digit of the codice fiscale is wrong",
    "la cifra di controllo del codice fiscale è errata",
);
const CHECK_CHARACTER: ValueDefect = ValueDefect::new(
    "the check character of the codice fiscale is wrong",
    "il carattere di controllo del codice fiscale è errato",
);

/// What a character weighs in an odd position (the first is odd): digits 0-9 and letters A-Z.
const ODD_DIGITS: [u8; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
const ODD_LETTERS: [u8; 26] = [
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

impl CodiceFiscale {
    /// Reads either form.
    ///
    /// # Errors
    /// The form or the check is wrong.
    pub fn parse(text: &str) -> Result<Self, ValueDefect> {
        let bytes = text.as_bytes();
        match bytes.len() {
            11 if bytes.iter().all(u8::is_ascii_digit) => {
                if check_digit(&bytes[..10]) != bytes[10] {
                    return Err(CHECK_DIGIT);
                }
            }
            16 if has_personal_form(bytes) => {
                if check_character(&bytes[..15]) != bytes[15] {
                    return Err(CHECK_CHARACTER);
                }
            }
            _ => return Err(FORM),
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether it is a natural person's: personal data.
    #[must_use]
    pub fn persona_fisica(&self) -> bool {
        self.0.len() == 16
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The company code that begins with these ten digits. `None` unless they are ten digits.
    #[must_use]
    pub fn for_company(ten_digits: &str) -> Option<Self> {
        let bytes = ten_digits.as_bytes();
        (bytes.len() == 10 && bytes.iter().all(u8::is_ascii_digit))
            .then(|| Self(format!("{ten_digits}{}", char::from(check_digit(bytes)))))
    }

    /// The personal code that begins with these fifteen characters. `None` unless they have its form.
    #[must_use]
    pub fn for_person(fifteen: &str) -> Option<Self> {
        // Any last letter completes the form; the right one is computed after the form is known to hold.
        let whole = format!("{fifteen}A");
        has_personal_form(whole.as_bytes()).then(|| {
            let check = check_character(fifteen.as_bytes());
            Self(format!("{fifteen}{}", char::from(check)))
        })
    }
}

impl fmt::Display for CodiceFiscale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Luhn over ten digits: odd positions as they are, even ones doubled, minus nine when over nine.
fn check_digit(ten: &[u8]) -> u8 {
    let sum: u32 = ten
        .iter()
        .enumerate()
        .map(|(i, byte)| {
            let digit = u32::from(byte - b'0');
            match (i % 2, digit * 2) {
                (0, _) => digit,
                (_, doubled) if doubled > 9 => doubled - 9,
                (_, doubled) => doubled,
            }
        })
        .sum();
    // The outer modulo leaves 0..=9.
    b'0' + ((10 - sum % 10) % 10) as u8
}

/// The check character of fifteen characters, each an upper-case letter or a digit.
fn check_character(fifteen: &[u8]) -> u8 {
    let sum: u32 = fifteen
        .iter()
        .enumerate()
        .map(|(i, &byte)| {
            let odd = i % 2 == 0;
            u32::from(match (byte.is_ascii_digit(), odd) {
                (true, true) => ODD_DIGITS[usize::from(byte - b'0')],
                (true, false) => byte - b'0',
                (false, true) => ODD_LETTERS[usize::from(byte - b'A')],
                (false, false) => byte - b'A',
            })
        })
        .sum();
    // The modulo leaves 0..=25.
    b'A' + (sum % 26) as u8
}

/// `[A-Z]{6}NN[ABCDEHLMPRST]NN[A-Z]NNN[A-Z]`, where N is a digit or one of the letters of omocodia.
pub(super) fn has_personal_form(bytes: &[u8]) -> bool {
    let letter = |b: &u8| b.is_ascii_uppercase();
    let number = |b: &u8| b.is_ascii_digit() || b"LMNPQRSTUV".contains(b);
    bytes.len() == 16
        && bytes[..6].iter().all(letter)
        && bytes[6..8].iter().all(number)
        && b"ABCDEHLMPRST".contains(&bytes[8])
        && bytes[9..11].iter().all(number)
        && letter(&bytes[11])
        && bytes[12..15].iter().all(number)
        && letter(&bytes[15])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_published_examples() {
        assert!(CodiceFiscale::parse("00743110157").is_ok());
        assert_eq!(CodiceFiscale::parse("00743110158"), Err(CHECK_DIGIT));
        let person = CodiceFiscale::parse("RCCMNL83S18D969H").unwrap();
        assert!(person.persona_fisica());
        assert_eq!(
            CodiceFiscale::parse("RCCMNL83S18D969J"),
            Err(CHECK_CHARACTER)
        );
        for bad in [
            "",
            "0074311015",
            "007431101570",
            "rccmnl83s18d969h",
            "RCCMNL83F18D969H",
            "RCCMNL83S18D96 H",
            "RCCMNL83S18D969HX",
            "０0743110157",
            "ÀCCMNL83S18D969",
        ] {
            assert_eq!(CodiceFiscale::parse(bad), Err(FORM), "{bad}");
        }
    }

    proptest! {
        /// Luhn's promise: no single wrong digit passes.
        #[test]
        fn one_wrong_digit_is_caught(ten in "[0-9]{10}", at in 0_usize..11, add in 1_u8..10) {
            let right = CodiceFiscale::for_company(&ten).unwrap();
            prop_assert_eq!(CodiceFiscale::parse(right.as_str()), Ok(right.clone()));
            let mut wrong = right.as_str().as_bytes().to_vec();
            wrong[at] = b'0' + (wrong[at] - b'0' + add) % 10;
            prop_assert_eq!(CodiceFiscale::parse(&String::from_utf8(wrong).unwrap()), Err(CHECK_DIGIT));
        }

        /// Omocodia replaces digits by letters and changes the check character with them.
        #[test]
        fn personal_codes_round_trip(
            fifteen in "[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}"
        ) {
            let right = CodiceFiscale::for_person(&fifteen).unwrap();
            prop_assert!(right.persona_fisica());
            prop_assert_eq!(CodiceFiscale::parse(right.as_str()), Ok(right));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,20}") {
            let _ = CodiceFiscale::parse(&text);
            let _ = CodiceFiscale::for_person(&text);
            let _ = CodiceFiscale::for_company(&text);
        }
    }
}
