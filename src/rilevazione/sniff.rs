//! What a file is that is not the CSV that is asked for, by how it begins.
//!
//! Read as CSV such a file makes a finding for each of its rows, and none of them says what it is. Here it gets one sentence.

use crate::valori::ValueDefect;

const UTF_16: ValueDefect = ValueDefect::new(
    "is UTF-16 text: save it as UTF-8 (in Excel: `CSV UTF-8`)",
    "è un testo UTF-16: va salvato in UTF-8 (in Excel: `CSV UTF-8`)",
);
const PACKED: ValueDefect = ValueDefect::new(
    "is compressed, or a spreadsheet (XLSX, ODS): unpack it, or export it as CSV",
    "è compresso, o è un foglio di calcolo (XLSX, ODS): va estratto, o esportato in CSV",
);
const TABS: ValueDefect = ValueDefect::new(
    "has tabs between the columns: separate them by `,` or `;`",
    "ha le colonne separate da tabulazioni: vanno separate da `,` o `;`",
);
const RETURNS: ValueDefect = ValueDefect::new(
    "has lines that end with CR alone: end them with LF or CRLF",
    "ha righe che terminano con il solo CR: devono terminare con LF o CRLF",
);
const SEP: ValueDefect = ValueDefect::new(
    "begins with a line `sep=`, which only Excel reads: delete it",
    "comincia con una riga `sep=`, che solo Excel legge: va tolta",
);

pub(super) const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// How what is compressed begins: gzip; zip, and so XLSX and ODS; zstd; xz; bzip2; the old binary Excel.
const MAGIC: [&[u8]; 6] = [
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"\x28\xb5\x2f\xfd",
    b"\xfd7zXZ\0",
    b"BZh",
    b"\xd0\xcf\x11\xe0",
];

/// What a file is that begins so; `None`: it may be what is asked for.
pub(super) fn sniff(head: &[u8]) -> Option<ValueDefect> {
    if MAGIC.iter().any(|magic| head.starts_with(magic)) {
        return Some(PACKED);
    }
    if is_utf_16(head) {
        return Some(UTF_16);
    }
    let text = head.strip_prefix(UTF_8_MARK).unwrap_or(head);
    if !text.contains(&b'\n') && text.contains(&b'\r') {
        return Some(RETURNS);
    }
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let unquoted = first.strip_prefix(b"\"").unwrap_or(first);
    if unquoted
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"sep="))
    {
        return Some(SEP);
    }
    if first.contains(&b'\t') && !first.contains(&b',') && !first.contains(&b';') {
        return Some(TABS);
    }
    None
}

/// By its mark; or, without one, since every other byte of a header in ASCII is zero.
fn is_utf_16(head: &[u8]) -> bool {
    match head {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [0, a, 0, b, ..] | [a, 0, b, 0, ..] => *a != 0 && *b != 0,
        _ => false,
    }
}
