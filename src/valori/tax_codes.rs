//! Codici fiscali in a text from outside: a path, a decree's number, a name.
//!
//! ```text
//! /x/RSSMRA85T10A562S            a person's, wherever it stands, in either case
//! rss mra 85t10 a562s            in groups, if its check character is right
//! %52SSMRA85T10A562S             percent-encoded, however often
//! ＲＳＳＭＲＡ８５Ｔ１０Ａ５６２Ｓ    in letters that look the same to NFKC; with zero-width ones between
//! IT00743110157                  eleven digits whose check digit is right: a company's, or a person's provisional one
//! 7012345662                     not one: a matricola has ten digits
//! ```
//!
//! The check character of sixteen in a row may be wrong: a slip of the pen is no less of a person. What is found is told in
//! upper case, so that a person is one however she is written. Digests and ids of 32 hexadecimal digits and more are passed over:
//! by chance some would hold one.

use std::{borrow::Cow, ops::Range};

use unicode_normalization::char::decompose_compatible;

use super::codice_fiscale::{CodiceFiscale, has_personal_form};

/// The shorter form.
const COMPANY: usize = 11;
const PERSON: usize = 16;
/// From here on a word of hexadecimal digits is an id.
const ID: usize = 32;
/// Where the parts of a person's code end: surname, name, year, month, day, place.
const PARTS: [usize; 6] = [3, 6, 8, 9, 11, 15];
/// Between two parts there are no more blanks and signs than this.
const GAP: usize = 3;
/// Before eleven digits: `IT`, `PIVA`.
const PREFIX: usize = 5;

/// What a log has in place of one where it has no key to hash it by.
pub const MASK: &str = "[codice fiscale]";

/// The text with [`MASK`] in place of each.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    replaced(text, |_, _| Some(MASK.to_owned()))
}

/// The text with something else in place of each: `other` gets it in upper case, and the text before it, and may leave it.
pub fn replaced(text: &str, mut other: impl FnMut(&str, &str) -> Option<String>) -> Cow<'_, str> {
    if text.len() < COMPANY {
        return Cow::Borrowed(text);
    }
    let characters = Characters::of(text);
    let mut out = String::new();
    let mut done = 0;
    characters.each(|code, span| {
        let Some(other) = other(code, &text[..span.start]) else {
            return;
        };
        out.push_str(&text[done..span.start]);
        out.push_str(&other);
        done = span.end;
    });
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// A text as far as codes are concerned: letters and digits in upper case, and something else (0) between them.
enum Characters<'a> {
    /// Nearly always.
    Plain(&'a [u8]),
    /// What each byte stands for, and where in the text it does.
    Other(Vec<u8>, Vec<Range<usize>>),
}

impl<'a> Characters<'a> {
    fn of(text: &'a str) -> Self {
        if text.is_ascii() && !text.contains('%') {
            return Self::Plain(text.as_bytes());
        }
        let (mut kinds, mut spans) = (Vec::new(), Vec::new());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let start = text.len() - rest.len();
            let (kind, length) = match c {
                '%' => percent(rest),
                c if c.is_ascii() => (Some(kind(c)), 1),
                c => (other(c), c.len_utf8()),
            };
            if let Some(kind) = kind {
                kinds.push(kind);
                spans.push(start..start + length);
            }
            rest = &rest[length..];
        }
        Self::Other(kinds, spans)
    }

    fn len(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Other(kinds, _) => kinds.len(),
        }
    }

    /// 0 behind the end, too.
    fn at(&self, index: usize) -> u8 {
        match self {
            Self::Plain(bytes) => bytes.get(index).map_or(0, |byte| kind(char::from(*byte))),
            Self::Other(kinds, _) => kinds.get(index).copied().unwrap_or(0),
        }
    }

    fn span(&self, found: &Range<usize>) -> Range<usize> {
        match self {
            Self::Plain(_) => found.clone(),
            Self::Other(_, spans) => spans[found.start].start..spans[found.end - 1].end,
        }
    }

    /// Tells each code and where it is.
    fn each(&self, mut tell: impl FnMut(&str, Range<usize>)) {
        let mut at = 0;
        while at < self.len() {
            if self.at(at) == 0 {
                at += 1;
                continue;
            }
            let end = (at..).find(|index| self.at(*index) == 0).unwrap_or(at);
            at = match self.word(at..end).or_else(|| self.in_parts(at)) {
                Some((code, found)) => {
                    tell(&code, self.span(&found));
                    found.end
                }
                None => end,
            };
        }
    }

    /// The first code inside a word.
    fn word(&self, word: Range<usize>) -> Option<(String, Range<usize>)> {
        let hexadecimal = || word.clone().all(|index| self.at(index).is_ascii_hexdigit());
        if word.len() < COMPANY || (word.len() >= ID && hexadecimal()) {
            return None;
        }
        (word.start..=word.end.saturating_sub(PERSON))
            .find_map(|start| self.person(start..start + PERSON))
            .or_else(|| self.company(&word))
    }

    fn person(&self, window: Range<usize>) -> Option<(String, Range<usize>)> {
        // Most words are none at a glance: where the year is, they have letters that no omocodia puts there.
        let year = self.at(window.start + 6);
        if window.end > self.len() || !(year.is_ascii_digit() || b"LMNPQRSTUV".contains(&year)) {
            return None;
        }
        let bytes: Vec<u8> = window.clone().map(|index| self.at(index)).collect();
        has_personal_form(&bytes).then(|| (text(bytes), window))
    }

    /// Eleven digits at the end of a word, after letters that name them.
    fn company(&self, word: &Range<usize>) -> Option<(String, Range<usize>)> {
        let start = word.end - COMPANY;
        let prefix = start - word.start;
        let letter = |index: usize| self.at(index).is_ascii_uppercase();
        // One letter that is a hexadecimal digit makes twelve of them: an id.
        let named = prefix <= PREFIX
            && (word.start..start).all(letter)
            && !(prefix == 1 && self.at(word.start).is_ascii_hexdigit());
        let found = start..word.end;
        let bytes: Vec<u8> = found.clone().map(|index| self.at(index)).collect();
        let code = text(bytes);
        (named && CodiceFiscale::parse(&code).is_ok()).then_some((code, found))
    }

    /// A person's code whose parts stand apart.
    fn in_parts(&self, start: usize) -> Option<(String, Range<usize>)> {
        let (mut at, mut bytes) = (start, [0; PERSON]);
        for (index, byte) in bytes.iter_mut().enumerate() {
            if PARTS.contains(&index) {
                let gap = (0..=GAP).find(|gap| self.at(at + gap) != 0)?;
                at += gap;
            }
            match self.at(at) {
                0 => return None,
                kind if index < 6 && !kind.is_ascii_uppercase() => return None,
                kind => *byte = kind,
            }
            at += 1;
        }
        // Words of a sentence may have the form. None of them has a digit, and few the check character.
        let apart = at - start > PERSON && self.at(at) == 0 && bytes.iter().any(u8::is_ascii_digit);
        if !apart {
            return None;
        }
        let code = text(bytes.to_vec());
        CodiceFiscale::parse(&code)
            .is_ok()
            .then_some((code, start..at))
    }
}

/// An ASCII character.
fn kind(c: char) -> u8 {
    if c.is_ascii_alphanumeric() {
        c.to_ascii_uppercase() as u8
    } else {
        0
    }
}

/// `%52`, `%2552`…: what it stands for, and how long it is.
fn percent(text: &str) -> (Option<u8>, usize) {
    let bytes = text.as_bytes();
    let mut at = 1;
    while bytes[at..].starts_with(b"25") && bytes.len() > at + 3 {
        at += 2;
    }
    let digits = text.get(at..at + 2);
    match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
        Some(byte) if byte.is_ascii() => (Some(kind(char::from(byte))), at + 2),
        _ => (Some(0), 1),
    }
}

/// Any other character; `None`: an invisible one.
fn other(c: char) -> Option<u8> {
    use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

    if matches!(
        c.general_category(),
        GeneralCategory::Format | GeneralCategory::NonspacingMark
    ) {
        return None;
    }
    let (mut first, mut length) = (0, 0);
    decompose_compatible(c, |c| {
        if length == 0 {
            first = kind(c);
        }
        length += 1;
    });
    Some(if length == 1 { first } else { 0 })
}

/// ASCII by its making.
fn text(bytes: Vec<u8>) -> String {
    bytes.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut codes = Vec::new();
        let _ = replaced(text, |code, _| {
            codes.push(code.to_owned());
            None
        });
        codes
    }

    const PERSONA: &str = "RSSMRA85T10A562S";

    #[test]
    fn a_person_however_she_is_written() {
        for text in [
            "RSSMRA85T10A562S",
            "rssmra85t10a562s",
            "TINIT-RSSMRA85T10A562S",
            "tinit-Rssmra85t10a562s",
            "CN=Rossi/TINIT-RSSMRA85T10A562S",
            "à RSSMRA85T10A562S è",
            "xRSSMRA85T10A562Sx",
            "RSS MRA 85T10 A562S",
            "cf: rss mra 85 t 10 a562 s.",
            "RSSMRA-85T10-A562S",
            "RSSMRA\u{a0}85T10A562S",
            "%52SSMRA85T10A562S",
            "%2552SSMRA85T10A562S",
            "%252552SSMRA85T10A562S",
            "RSSMRA%2085T10%20A562S",
            "RSSMRA+85T10+A562S",
            "ＲＳＳＭＲＡ８５Ｔ１０Ａ５６２Ｓ",
            "𝐑SSMRA85T10A562S",
            "RSS\u{200b}MRA85\u{ad}T10A562S\u{feff}",
        ] {
            assert_eq!(found(text), [PERSONA], "{text}");
        }
        assert_eq!(found("RSSMRA85T10A562T"), ["RSSMRA85T10A562T"], "a slip");
        assert_eq!(found("RSSMRAURTMLAR6NS"), ["RSSMRAURTMLAR6NS"], "omocodia");
    }

    #[test]
    fn a_company_by_its_check_digit() {
        for text in [
            "00743110157",
            "IT00743110157",
            "P.IVA 00743110157",
            "PIVA00743110157",
            "/x?cf=00743110157&y",
            "%30%30743110157",
            "００７４３１１０１５７",
        ] {
            assert_eq!(found(text), ["00743110157"], "{text}");
        }
        assert_eq!(
            found("00743110157,RSSMRA85T10A562S"),
            ["00743110157", PERSONA]
        );
    }

    #[test]
    fn what_is_none_stays() {
        for text in [
            "",
            "mef-rgs-be",
            "INPS.0001.2026",
            "7012345662",
            "00743110158",
            "007431101570",
            "100743110157",
            "RSSMRA85T10A56",
            "TINIT-RSSMRA85F10A562S",
            "RSS MRA 85T10 A562T",
            "9b2f6a52-3d5e-4c9c-8a0e-6f1d2c3b4a59",
            "4bf92f3577b34da6a3ce929d0e0e4736",
            "a00743110157",
            "2026-11-25T17:03:12.123456Z",
            "DecreeService/CountDecrees",
            "DL109-2018-ART44",
            "hmac-sha256:aaaaaa00a00a000aaaaaaa00a00a000aaaaaaa00a00a000aaaaaaa00a00a000a",
            "%",
            "%2",
            "%25%25%25%25%25",
            "the sum of what was authorised and paid until the last day of the month",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn the_rest_of_the_text_stays() {
        assert_eq!(
            masked("a RSSMRA85T10A562S b 00743110157, c"),
            "a [codice fiscale] b [codice fiscale], c"
        );
        assert_eq!(masked("x/%52SS MRA 85T10 A562S/y"), "x/[codice fiscale]/y");
    }

    proptest! {
        #[test]
        fn a_code_in_any_text_is_found(
            before in "\\PC{0,8}[ /]", after in "[ /]\\PC{0,8}", ten in "[0-9]{10}",
            fifteen in "[A-Z]{6}[0-9]{2}[ABCDEHLMPRST][0-9]{2}[A-Z][0-9]{3}",
        ) {
            let person = CodiceFiscale::for_person(&fifteen).unwrap();
            let lower = format!("{before}{}{after}", person.as_str().to_lowercase());
            prop_assert!(found(&lower).contains(&person.as_str().to_owned()), "{lower}");
            prop_assert!(!masked(&lower).to_uppercase().contains(person.as_str()));
            let company = CodiceFiscale::for_company(&ten).unwrap();
            let text = format!("{before}{company}{after}");
            prop_assert!(!masked(&text).contains(company.as_str()), "{text}");
        }

        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|[%0-9A-Za-z \u{200b}]){0,40}") {
            let once = masked(&text).into_owned();
            prop_assert_eq!(masked(&once), once.as_str());
        }
    }
}
