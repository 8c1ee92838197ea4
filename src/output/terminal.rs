//! Text from outside, harmless for a terminal and for a line of the log.
//!
//! ```text
//! "\u{1b}]0;x\u{7}"   is shown as   \u{1b}]0;x\u{7}
//! "abc\u{202e}fdp"    is shown as   abc\u{202e}fdp
//! ```
//!
//! Escaped are the control characters (C0, DEL, C1: a terminal obeys them), the format characters (bidirectional overrides
//! show a line in another order than it has, zero-width ones show two texts alike) and the separators of lines and
//! paragraphs. The escape is Rust's, as in a literal, so nothing is lost. Bytes that are no UTF-8 have become U+FFFD before.

use std::fmt::{self, Display, Write};

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// Whether a terminal or its reader could be misled by this character.
#[must_use]
pub fn is_harmful(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    matches!(
        c.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    )
}

/// A value from outside inside a line of ours: it stays one line.
#[derive(Debug, Clone, Copy)]
pub struct TerminalLine<T>(pub T);

impl<T: Display> Display for TerminalLine<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            Harmless {
                out: f,
                lines: false
            },
            "{}",
            self.0
        )
    }
}

/// A whole text of ours, of several lines: what comes out of a command.
#[derive(Debug, Clone, Copy)]
pub struct TerminalLines<T>(pub T);

impl<T: Display> Display for TerminalLines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            Harmless {
                out: f,
                lines: true
            },
            "{}",
            self.0
        )
    }
}

struct Harmless<'a, W> {
    out: &'a mut W,
    /// Whether line ends and tabs stay.
    lines: bool,
}

impl<W: Write> Write for Harmless<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let stays = |c: char| !is_harmful(c) || (self.lines && matches!(c, '\n' | '\t'));
        let mut from = 0;
        for (at, c) in text.char_indices().filter(|(_, c)| !stays(*c)) {
            self.out.write_str(&text[from..at])?;
            write!(self.out, "{}", c.escape_default())?;
            from = at + c.len_utf8();
        }
        self.out.write_str(&text[from..])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_shown() {
        for (text, shown) in [
            ("plain è 漢字 €", "plain è 漢字 €"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("\u{9b}2J\u{7f}", "\\u{9b}2J\\u{7f}"),
            ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
            ("a\u{202e}b\u{2066}c", "a\\u{202e}b\\u{2066}c"),
            ("a\u{2028}b\u{2029}", "a\\u{2028}b\\u{2029}"),
            (
                "\u{feff}a\u{200b}b\u{e0041}",
                "\\u{feff}a\\u{200b}b\\u{e0041}",
            ),
        ] {
            assert_eq!(TerminalLine(text).to_string(), shown);
        }
        assert_eq!(
            TerminalLines("a\nb\tc\r\u{1b}").to_string(),
            "a\nb\tc\\r\\u{1b}"
        );
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left(text in "(\\PC|\\p{Cc}|\\p{Cf}|\u{2028}){0,20}") {
            let line = TerminalLine(&text).to_string();
            prop_assert!(!line.contains(is_harmful), "{line:?}");
            let lines = TerminalLines(&text).to_string();
            prop_assert!(!lines.replace(['\n', '\t'], "").contains(is_harmful), "{lines:?}");
        }
    }
}
