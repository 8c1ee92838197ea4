//! The byte order mark that editors of Windows put before a text. It is no part of the text: a policy, a key, a token is
//! the same with and without it.

/// In UTF-8.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A text without the mark, if it begins with one.
#[must_use]
pub fn without_bom(text: &str) -> &str {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}
