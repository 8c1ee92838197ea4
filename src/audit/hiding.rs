//! How the texts of a record are written: without a codice fiscale in them, in any field and by any author.

use std::io;

use serde_json::ser::{CharEscape, Formatter};

use crate::{crypto::key::AuditKey, output::terminal::is_harmful};

/// Compact JSON whose texts hold no codice fiscale, and nothing that a terminal would obey: what may mislead a reader is
/// escaped, and a control character replaced (a NUL would make the record unreadable to Postgres's own JSON functions).
pub(super) struct Hiding<'a> {
    key: &'a AuditKey,
    /// The text that is being written, whole: a code may be cut by an escape.
    text: String,
}

impl<'a> Hiding<'a> {
    pub(super) fn new(key: &'a AuditKey) -> Self {
        Self {
            key,
            text: String::new(),
        }
    }
}

impl Formatter for Hiding<'_> {
    fn begin_string<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.text.clear();
        Ok(())
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        _: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        self.text.push_str(fragment);
        Ok(())
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        _: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        self.text.push(match escape {
            CharEscape::Quote => '"',
            CharEscape::ReverseSolidus => '\\',
            CharEscape::Solidus => '/',
            _ => char::REPLACEMENT_CHARACTER,
        });
        Ok(())
    }

    fn end_string<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        let text = self.key.hidden(&self.text);
        let special = |c: char| matches!(c, '"' | '\\') || is_harmful(c);
        out.write_all(b"\"")?;
        let mut rest = &*text;
        while let Some(at) = rest.find(special) {
            out.write_all(&rest.as_bytes()[..at])?;
            let mut chars = rest[at..].chars();
            match chars.next() {
                Some(c @ ('"' | '\\')) => write!(out, "\\{c}")?,
                Some(c) if c.is_control() => write!(out, "{}", char::REPLACEMENT_CHARACTER)?,
                Some(c) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        write!(out, "\\u{unit:04x}")?;
                    }
                }
                None => {}
            }
            rest = chars.as_str();
        }
        out.write_all(rest.as_bytes())?;
        out.write_all(b"\"")
    }
}
