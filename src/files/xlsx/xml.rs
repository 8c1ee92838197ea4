//! Worksheet XML: cells, and texts that XML can hold.

use chrono::NaiveDate;

use crate::error::{Error, Result};

/// Digits that a spreadsheet's numbers hold exactly.
const MAX_DIGITS: usize = 15;
/// Style of a date, in `styles.xml`.
const DATE_STYLE: &str = "1";
/// Style of an amount.
const AMOUNT_STYLE: &str = "2";

/// Which cell: column from 0, row from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellRef<'a> {
    /// The letters of the column.
    pub(super) column: &'a str,
    /// The digits of the row.
    pub(super) row: &'a str,
}

/// The letters of a column, from 0: A to Z. No table here has more.
pub(super) fn column_letter(colonna: usize) -> &'static str {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    LETTERS.get(colonna..=colonna).unwrap_or("Z")
}

/// A text, in a cell that says that it is one: a spreadsheet never runs it.
pub(super) fn text_cell(xml: &mut Vec<u8>, place: CellRef<'_>, testo: &str, style: Option<&str>) {
    open_cell(xml, place, style);
    xml.extend_from_slice(b" t=\"inlineStr\"><is><t");
    if testo.starts_with(char::is_whitespace) || testo.ends_with(char::is_whitespace) {
        xml.extend_from_slice(b" xml:space=\"preserve\"");
    }
    xml.push(b'>');
    write_escaped(xml, testo);
    xml.extend_from_slice(b"</t></is></c>");
}

/// A number, digit by digit as it is. Whether it is one: with more digits than a spreadsheet keeps it is written as a text.
///
/// # Errors
/// It is no number.
pub(super) fn number_cell(xml: &mut Vec<u8>, place: CellRef<'_>, numero: &str) -> Result<bool> {
    let (units, cents) = numero.split_once('.').unwrap_or((numero, ""));
    let units = units.strip_prefix('-').unwrap_or(units);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if units.is_empty() || !digits(units) || !digits(cents) || numero.ends_with('.') {
        return Err(Error::internal("a cell of a number column is not a number"));
    }
    if units.trim_start_matches('0').len() + cents.len() > MAX_DIGITS {
        text_cell(xml, place, numero, None);
        return Ok(false);
    }
    // That style shows two decimals, and only of an amount are those all.
    open_cell(xml, place, Some(AMOUNT_STYLE).filter(|_| cents.len() == 2));
    xml.extend_from_slice(b"><v>");
    xml.extend_from_slice(numero.as_bytes());
    xml.extend_from_slice(b"</v></c>");
    Ok(true)
}

/// A day, as the number that the 1900 date system has for it. Before 1900-03-01 that system has a day that never was: such
/// days are texts.
///
/// # Errors
/// It is no day.
pub(super) fn date_cell(xml: &mut Vec<u8>, place: CellRef<'_>, data: &str) -> Result<()> {
    let giorno: NaiveDate = data
        .parse()
        .map_err(|_| Error::internal("a cell of a date column is not a date"))?;
    match serial(giorno) {
        None => text_cell(xml, place, data, None),
        Some(day_serial) => {
            open_cell(xml, place, Some(DATE_STYLE));
            xml.extend_from_slice(b"><v>");
            xml.extend_from_slice(day_serial.to_string().as_bytes());
            xml.extend_from_slice(b"</v></c>");
        }
    }
    Ok(())
}

/// 1900-03-01 is 61.
fn serial(giorno: NaiveDate) -> Option<i64> {
    let zero = NaiveDate::from_ymd_opt(1899, 12, 30)?;
    Some((giorno - zero).num_days()).filter(|day_serial| *day_serial >= 61)
}

fn open_cell(xml: &mut Vec<u8>, place: CellRef<'_>, style: Option<&str>) {
    xml.extend_from_slice(b"<c r=\"");
    xml.extend_from_slice(place.column.as_bytes());
    xml.extend_from_slice(place.row.as_bytes());
    xml.push(b'"');
    if let Some(style) = style {
        xml.extend_from_slice(b" s=\"");
        xml.extend_from_slice(style.as_bytes());
        xml.push(b'"');
    }
}

/// The characters of a text. Those that XML has no way to hold are written as Office does: `_x000D_`; and a text that has
/// such a thing in it already is told apart.
pub(super) fn write_escaped(xml: &mut Vec<u8>, testo: &str) {
    // Codes, nearly always.
    if testo
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'&' | b'<' | b'>' | b'_' | b'"'))
    {
        xml.extend_from_slice(testo.as_bytes());
        return;
    }
    for (at, char) in testo.char_indices() {
        match char {
            '&' => xml.extend_from_slice(b"&amp;"),
            '<' => xml.extend_from_slice(b"&lt;"),
            '>' => xml.extend_from_slice(b"&gt;"),
            '"' => xml.extend_from_slice(b"&quot;"),
            '_' if like_an_escape(&testo.as_bytes()[at..]) => xml.extend_from_slice(b"_x005F_"),
            '\t' | '\n' => xml.push(char as u8),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                xml.extend_from_slice(format!("_x{:04X}_", char as u32).as_bytes());
            }
            char => xml.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

fn like_an_escape(testo: &[u8]) -> bool {
    match testo {
        [b'_', b'x', digits @ ..] => digits.split_first_chunk::<4>().is_some_and(|(hex, rest)| {
            hex.iter().all(u8::is_ascii_hexdigit) && rest.first() == Some(&b'_')
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: CellRef<'static> = CellRef {
        column: "B",
        row: "7",
    };

    fn cell(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut xml = Vec::new();
        write(&mut xml);
        String::from_utf8(xml).unwrap()
    }

    #[test]
    fn amounts_are_exact_or_texts() {
        for (importo, exact) in [
            ("0.00", true),
            ("-12.50", true),
            ("9999999999999.99", true),
            ("-0009999999999999.99", true),
            ("10000000000000.00", false),
            ("-9999999999999999.99", false),
        ] {
            let mut xml = Vec::new();
            assert_eq!(
                number_cell(&mut xml, PLACE, importo).unwrap(),
                exact,
                "{importo}"
            );
            let xml = String::from_utf8(xml).unwrap();
            let expected = match exact {
                true => format!("<c r=\"B7\" s=\"2\"><v>{importo}</v></c>"),
                false => format!("<c r=\"B7\" t=\"inlineStr\"><is><t>{importo}</t></is></c>"),
            };
            assert_eq!(xml, expected);
        }
        for (number, inside) in [
            ("2026", "<c r=\"B7\"><v>2026</v></c>"),
            ("0.660600", "<c r=\"B7\"><v>0.660600</v></c>"),
        ] {
            let written = cell(|xml| assert!(number_cell(xml, PLACE, number).unwrap()));
            assert_eq!(written, inside);
        }
        for bad in ["", "-", ".50", "1e5", "=1", "1,50", "+1.00", "1.-5", "1."] {
            assert!(number_cell(&mut Vec::new(), PLACE, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn days_are_those_of_the_1900_system() {
        for (day, inside) in [
            ("2023-12-22", "<c r=\"B7\" s=\"1\"><v>45282</v></c>"),
            ("1900-03-01", "<c r=\"B7\" s=\"1\"><v>61</v></c>"),
            (
                "1900-02-28",
                "<c r=\"B7\" t=\"inlineStr\"><is><t>1900-02-28</t></is></c>",
            ),
        ] {
            assert_eq!(cell(|xml| date_cell(xml, PLACE, day).unwrap()), inside);
        }
        assert!(date_cell(&mut Vec::new(), PLACE, "2023-02-30").is_err());
    }

    #[test]
    fn any_text_is_a_text() {
        for (given, inside) in [
            ("=1+1", "<t>=1+1"),
            ("a&b<c>\"d\"", "<t>a&amp;b&lt;c&gt;&quot;d&quot;"),
            (" a", "<t xml:space=\"preserve\"> a"),
            ("\r\u{1}", "<t xml:space=\"preserve\">_x000D__x0001_"),
            ("_x000D_ _x", "<t>_x005F_x000D_ _x"),
        ] {
            let xml = cell(|xml| text_cell(xml, PLACE, given, None));
            assert!(xml.contains(&format!("{inside}</t>")), "{xml}");
        }
    }
}
