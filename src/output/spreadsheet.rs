//! Text from outside, harmless for a spreadsheet.
//!
//! ```text
//! =HYPERLINK("https://x")     '=HYPERLINK("https://x")
//! ＝1+1                        '＝1+1
//! 145/2023                    145/2023
//! ```
//!
//! A text that a spreadsheet would run has an apostrophe before it, which it takes for "this is a text".

use std::borrow::Cow;

use unicode_normalization::char::decompose_compatible;

use super::terminal::is_harmful;

/// Whether a spreadsheet would run a cell with this text. A formula begins with one of four signs, a tab or a line end; East
/// Asian spreadsheets take the full-width and small forms of the signs for the same. What is not seen, a byte order mark
/// or a zero-width space, and blanks may stand before it.
#[must_use]
pub fn is_formula(text: &str) -> bool {
    // What is written nearly always: a code that begins with a letter or a digit.
    if text
        .as_bytes()
        .first()
        .is_some_and(u8::is_ascii_alphanumeric)
    {
        return false;
    }
    if text.starts_with(['\t', '\r', '\n']) {
        return true;
    }
    let unseen = |c: char| is_harmful(c) || c.is_whitespace();
    text.trim_start_matches(unseen)
        .chars()
        .next()
        .is_some_and(|first| {
            let mut sign = false;
            let mut at = 0;
            decompose_compatible(first, |c| {
                sign |= at == 0 && matches!(c, '=' | '+' | '-' | '@' | '\u{2212}');
                at += 1;
            });
            sign
        })
}

/// The text of a cell.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    if is_formula(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_spreadsheet_would_run() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n",
            "＝1",
            "＋1",
            "－1",
            "＠x",
            "﹦1",
            "﹢1",
            "﹣1",
            "﹫x",
            "\u{2212}1",
            "\u{feff}=1",
            "\u{200b}＝1",
            " =1",
            "\u{a0}=1",
            "\u{feff}\u{feff} @x",
        ] {
            assert!(is_formula(text), "{text:?}");
            assert_eq!(cell(text), format!("'{text}"));
        }
        for text in [
            "", "a=1", "145/2023", "'=1", "è", "漢", "\u{feff}", " x", "#N/A", "(1)",
        ] {
            assert!(!is_formula(text), "{text:?}");
            assert_eq!(cell(text), text);
        }
    }
}
