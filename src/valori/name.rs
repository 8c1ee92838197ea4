//! Names of persons and of subjects: what one is, and when two are of one.
//!
//! ```text
//! niccolò (NFC)   niccolò (NFD)   Niccolo'   NICCOLÒ   ｎｉｃｃｏｌò   niccоlò (a Cyrillic о)      one name
//! ```
//!
//! Four eyes are two persons, and a person may be spelt in many ways, by chance or on purpose. Two names are one where they have the
//! same [`key`]: compatibility forms (NFKC), case and the confusables of UTS #39 are no difference, nor are accents,
//! apostrophes (which stand for accents where a keyboard has none) and the number of blanks. As a capital I looks like
//! a small l, `i` and `l` are one too. So `mario` and `marlo` are alike only to each other: to refuse a second pair of
//! eyes too often asks for a third, and to let one pair pass for two is what must not be.
//!
//! What no comparison can know: that `a.rossi` and `anna` are one, or that somebody gave another's name.

use unicase::UniCase;
use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};
use unicode_security::skeleton;

const LONGEST: usize = 255;

/// Whether a text can be the subject of a token and of a grant, or another name that is written down: 1 to 255 bytes, no
/// blanks at the ends, and nothing in it that is not seen.
#[must_use]
pub fn is_name(text: &str) -> bool {
    // A control character would break lines, NUL is not a text to Postgres, and what is not seen makes two names look like one.
    (1..=LONGEST).contains(&text.len()) && text.trim() == text && !text.contains(is_unseen)
}

/// Control and format characters, separators of lines, and what a font leaves out.
fn is_unseen(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    let category = matches!(
        c.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    );
    // A skeleton has no default-ignorable character.
    category || skeleton(c.encode_utf8(&mut [0; 4])).next().is_none()
}

/// What names are compared by. Empty only where nothing of the name can be seen.
#[must_use]
pub fn key(name: &str) -> String {
    // First what looks like an ASCII letter in its own case: a Greek capital eta like an H, though its small letter does not.
    let mut key: String = name.nfkc().map(look_alike).collect();
    // To fold may make new look-alikes, and the other way about.
    for _ in 0..2 {
        key = skeleton(&UniCase::unicode(key).to_folded_case()).collect();
    }
    let seen: String = UniCase::unicode(key)
        .to_folded_case()
        .chars()
        .filter(|c| !is_unseen(*c) || c.is_whitespace())
        .filter(|c| !is_mark(*c) && *c != '\'')
        .map(|c| if c == 'i' { 'l' } else { c })
        .collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The ASCII letter or digit that a character looks like, or the character.
fn look_alike(c: char) -> char {
    let mut buffer = [0; 4];
    let mut like = skeleton(c.encode_utf8(&mut buffer));
    match (like.next(), like.next()) {
        (Some(letter), None) if letter.is_ascii_alphanumeric() => letter,
        _ => c,
    }
}

/// An accent.
fn is_mark(c: char) -> bool {
    matches!(
        c.general_category(),
        GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_name_however_it_is_spelt() {
        for spellings in [
            &[
                "niccolò rossi",
                "niccolo\u{300} rossi",
                "niccolò  rossi",
                "niccolò\u{a0}rossi",
                "niccolò\u{3000}rossi",
                "NICCOLÒ ROSSI",
                "Niccolo' Rossi",
                "niccolo’ rossi",
                "ｎｉｃｃｏｌò　ｒｏｓｓｉ",
                "niccоlò rоssi",
                "niccolò\u{200b} rossi",
                "nic\u{ad}colò rossi",
                "\u{202e}niccolò rossi\u{202c}",
                "𝐧𝐢𝐜𝐜𝐨𝐥ò rossi",
                "niccolò rossi\u{3164}",
                "nıccolò rossi",
            ][..],
            &["anna", "Anna", "ANNA", "аnna", "АNNА", "ΑΝΝΑ", "ａｎｎａ"],
            &["hanna", "HANNA", "\u{397}ANNA", "\u{41d}anna"],
            &["luca", "Iuca", "1uca", "|uca", "LUCA"],
            &["strauss", "strauß", "STRAUSS", "strauẞ"],
            &["d'angelo", "d’angelo", "D`ANGELO", "dangelo"],
            &["σοφίας", "ΣΟΦΙΑΣ"],
            &["marco", "MARCO", "rnarco", "mаrco"],
        ] {
            for name in spellings {
                assert_eq!(key(name), key(spellings[0]), "{name} {}", spellings[0]);
            }
        }
    }

    #[test]
    fn other_names_are_others() {
        let names = [
            "anna",
            "bruno",
            "carla",
            "anna rossi",
            "a.rossi",
            "inps-be",
            "inps-be-2",
            "mario",
            "maria",
            "李",
            "王",
        ];
        for (at, name) in names.iter().enumerate() {
            for other in &names[at + 1..] {
                assert_ne!(key(name), key(other), "{name} {other}");
            }
        }
    }

    #[test]
    fn what_a_name_is() {
        for good in [
            "anna",
            "Niccolò Rossi",
            "niccolo\u{300}",
            "李",
            "a\u{a0}b",
            "TINIT-RSSMRA85T10A562S",
        ] {
            assert!(is_name(good) && !key(good).is_empty(), "{good}");
        }
        for bad in [
            "",
            " ",
            " anna",
            "anna\u{a0}",
            "an\nna",
            "an\u{0}na",
            "anna\u{200b}",
            "an\u{ad}na",
            "\u{202e}anna",
            "anna\u{feff}",
            "an\u{2028}na",
            "an\u{9b}na",
            "anna\u{3164}",
            "anna\u{fe0f}",
            "anna\u{e0041}",
        ] {
            assert!(!is_name(bad), "{bad:?}");
        }
        assert!(!is_name(&"a".repeat(256)));
        assert_eq!(key("' \u{300}"), "");
    }

    proptest! {
        /// A key is a name's own key, and its forms have it too.
        #[test]
        fn forms_of_a_name_have_its_key(name in "[a-zA-Z0-9 àèìòùéçßñÀÈİıΣςαа.'_-]{1,20}") {
            let of = key(&name);
            prop_assert_eq!(&key(&of), &of);
            prop_assert_eq!(&key(&name.nfd().collect::<String>()), &of);
            prop_assert_eq!(&key(&name.nfc().collect::<String>()), &of);
            prop_assert_eq!(&key(&name.replace(' ', " \u{a0}")), &of);
        }

        #[test]
        fn ascii_case_is_none(name in "[a-zA-Z0-9 ._-]{1,20}") {
            prop_assert_eq!(key(&name.to_uppercase()), key(&name));
            prop_assert_eq!(key(&name.to_lowercase()), key(&name));
        }

        #[test]
        fn no_text_makes_it_panic(name in "\\PC{0,20}") {
            let _ = (key(&name), is_name(&name));
        }
    }
}
