//! Lines of the log: one event is one line, whatever its fields hold, and no codice fiscale is in it. (The audit log has those, as
//! keyed hashes.)

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use tracing_subscriber::fmt::MakeWriter;

use super::{stdio, terminal::is_harmful};
use crate::valori::tax_codes;

/// Where the log's lines go: standard error, made harmless on the way.
#[derive(Debug, Clone, Copy)]
pub struct LogLines {
    /// Whether the lines are JSON, which has escapes of its own.
    pub json: bool,
    /// Whether the colours of the lines stay. They are ours: the formatter escapes those of a field.
    pub colours: bool,
}

impl<'a> MakeWriter<'a> for LogLines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        *self
    }
}

/// Each write is one event: that is how the formatter writes. None fails: a log without a reader stops nothing.
impl Write for LogLines {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = self.line(&String::from_utf8_lossy(event));
        let _ = stdio::errors().write_all(line.as_bytes());
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl LogLines {
    /// An event as one line, with its end.
    fn line(self, event: &str) -> String {
        let event = event.strip_suffix('\n').unwrap_or(event);
        let event = tax_codes::replaced(event, |_, before| {
            // A number of eleven digits that is none of a text: JSON would not be JSON without it.
            let number = self.json && before.ends_with("\":") && !before.ends_with("\\\":");
            (!number).then(|| tax_codes::MASK.to_owned())
        });
        let mut line = String::with_capacity(event.len() + 1);
        let mut rest = &*event;
        while let Some(at) = rest.find(is_harmful) {
            line.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(colour) = colour(rest).filter(|_| self.colours) {
                line.push_str(&rest[..colour]);
                rest = &rest[colour..];
                continue;
            }
            let mut chars = rest.chars();
            if let Some(c) = chars.next() {
                self.escape(&mut line, c);
            }
            rest = chars.as_str();
        }
        line.push_str(rest);
        line.push('\n');
        line
    }

    fn escape(self, line: &mut String, c: char) {
        if !self.json {
            line.extend(c.escape_default());
            return;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a String cannot fail.
            let _ = write!(line, "\\u{unit:04x}");
        }
    }
}

/// How long the sequence is that a text begins with, if it sets a colour and does nothing else.
fn colour(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
    parameters[end..].starts_with('m').then_some(end + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: LogLines = LogLines {
        json: false,
        colours: false,
    };

    #[test]
    fn an_event_is_one_line() {
        let event = "INFO a=x\nERROR forged\u{202e}\u{9b}31m\n";
        assert_eq!(
            TEXT.line(event),
            "INFO a=x\\nERROR forged\\u{202e}\\u{9b}31m\n"
        );
        let json = LogLines { json: true, ..TEXT };
        assert_eq!(
            json.line("{\"a\":\"\u{202e}\u{e0041}\"}\n"),
            "{\"a\":\"\\u202e\\udb40\\udc41\"}\n"
        );
    }

    #[test]
    fn no_codice_fiscale_is_logged() {
        let event = "INFO soggetto=\"TINIT-rssmra85t10a562s\" cf=00743110157\n";
        assert_eq!(
            TEXT.line(event),
            "INFO soggetto=\"TINIT-[codice fiscale]\" cf=[codice fiscale]\n"
        );
        let json = LogLines { json: true, ..TEXT };
        let event = "{\"a\":\"RSSMRA85T10A562S\",\"b\":\"00743110157\",\"ms\":12345678903,\"c\":\"\\\":12345678903\"}\n";
        assert_eq!(
            json.line(event),
            "{\"a\":\"[codice fiscale]\",\"b\":\"[codice fiscale]\",\"ms\":12345678903,\"c\":\"\\\":[codice fiscale]\"}\n"
        );
    }

    #[test]
    fn colours_stay_where_they_are_wanted_and_nothing_else_does() {
        let event = "\u{1b}[2mx\u{1b}[0m \u{1b}[2J\u{1b}]0;t\u{7}\n";
        let colours = LogLines {
            colours: true,
            ..TEXT
        };
        assert_eq!(
            colours.line(event),
            "\u{1b}[2mx\u{1b}[0m \\u{1b}[2J\\u{1b}]0;t\\u{7}\n"
        );
        assert!(!TEXT.line(event).contains('\u{1b}'));
    }
}
