//! CSV, by RFC 4180 and for an Italian Excel.
//!
//! ```text
//! numero_decreto,importi_erogati        numero_decreto;importi_erogati
//! 145/2023,1234.50                      "=""145/2023""";1234,50
//! "'=cmd|""x""!A1",-3.00                "'=cmd|""x""!A1";-3,00
//! ```
//!
//! A text that a spreadsheet would run has an apostrophe before it; how such a text begins is
//! [`spreadsheet::is_formula`](crate::output::spreadsheet::is_formula).

use super::{CellType, FileInfo, FileTable, FormatWriter};
use crate::{
    error::{Error, Result},
    output::spreadsheet::is_formula,
};

/// How a CSV is written.
#[derive(Debug, Clone, Copy)]
pub struct CsvStyle {
    separator: u8,
    decimal_mark: u8,
    bom: &'static str,
    /// Whether what a spreadsheet would take for something else than it is stands in a formula that gives its text.
    literally: bool,
}

impl CsvStyle {
    /// Comma, decimal point.
    pub const RFC_4180: Self = Self {
        separator: b',',
        decimal_mark: b'.',
        bom: "",
        literally: false,
    };
    /// Semicolon, decimal comma; the byte order mark tells Excel that it is UTF-8. Codes and long amounts are literal.
    pub const EXCEL: Self = Self {
        separator: b';',
        decimal_mark: b',',
        bom: "\u{feff}",
        literally: true,
    };
}

/// A CSV in the making.
#[derive(Debug)]
pub struct Csv {
    table: &'static FileTable,
    style: CsvStyle,
    ready: Vec<u8>,
}

impl Csv {
    /// Begins with the header.
    #[must_use]
    pub fn new(table: &'static FileTable, style: CsvStyle) -> Self {
        let mut ready = style.bom.as_bytes().to_vec();
        for (at, colonna) in table.columns.iter().enumerate() {
            if at > 0 {
                ready.push(style.separator);
            }
            push_text(&mut ready, colonna.name, style.separator);
        }
        ready.extend_from_slice(b"\r\n");
        Self {
            table,
            style,
            ready,
        }
    }
}

impl FormatWriter for Csv {
    fn write_row(&mut self, cells: &[&str]) -> Result<()> {
        let CsvStyle {
            separator,
            decimal_mark,
            literally,
            ..
        } = self.style;
        let ready = &mut self.ready;
        for (colonna, cell) in self.table.columns.iter().zip(cells) {
            match (colonna.cell_type, colonna.cell_type.decimals()) {
                _ if cell.is_empty() => {}
                (_, Some(decimals)) if literally && digits(cell) > EXACT => {
                    let mut digits = Vec::with_capacity(cell.len());
                    push_number(&mut digits, cell, decimals, decimal_mark)?;
                    literal(ready, &digits);
                }
                (_, Some(decimals)) => push_number(ready, cell, decimals, decimal_mark)?,
                (CellType::Date, None) => push_date(ready, cell)?,
                (_, None) if literally && is_converted(cell) => literal(ready, cell.as_bytes()),
                (_, None) => push_text(ready, cell, separator),
            }
            ready.push(separator);
        }
        // The separator of the last cell makes room for the end of the row.
        ready.pop();
        ready.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn take_bytes(&mut self) -> Vec<u8> {
        let next = Vec::with_capacity(self.ready.capacity());
        std::mem::replace(&mut self.ready, next)
    }

    /// A CSV has no place but its rows.
    fn finish(self: Box<Self>, _info: &FileInfo) -> Result<Vec<u8>> {
        Ok(self.ready)
    }
}

/// The digits of a number that a spreadsheet keeps.
const EXACT: usize = 15;

fn digits(number: &str) -> usize {
    number.bytes().filter(u8::is_ascii_digit).count()
}

/// Whether a spreadsheet may take a code for a number, a day or a truth value: `1/2`, `3E10`, `mar-1`, `VERO`. Only what has the
/// letters of a code may: nothing in it has a meaning in a formula.
fn is_converted(cell: &str) -> bool {
    const TRUTH: [&str; 4] = ["VERO", "FALSO", "TRUE", "FALSE"];
    let code = |byte: u8| byte.is_ascii_alphanumeric() || b" ./-".contains(&byte);
    cell.bytes().all(code)
        && (cell.bytes().any(|byte| byte.is_ascii_digit())
            || TRUTH.iter().any(|word| cell.eq_ignore_ascii_case(word)))
}

/// `="1/2"`, between quotes as RFC 4180 wants quotes: a formula whose value is this text.
fn literal(ready: &mut Vec<u8>, cell: &[u8]) {
    ready.extend_from_slice(b"\"=\"\"");
    ready.extend_from_slice(cell);
    ready.extend_from_slice(b"\"\"\"");
}

fn push_text(ready: &mut Vec<u8>, cell: &str, separator: u8) {
    let harmless = !is_formula(cell);
    let simple = cell
        .bytes()
        .all(|byte| byte != separator && !matches!(byte, b'"' | b'\r' | b'\n'));
    if harmless && simple {
        ready.extend_from_slice(cell.as_bytes());
        return;
    }
    if !simple {
        ready.push(b'"');
    }
    if !harmless {
        ready.push(b'\'');
    }
    for byte in cell.bytes() {
        if byte == b'"' {
            ready.push(b'"');
        }
        ready.push(byte);
    }
    if !simple {
        ready.push(b'"');
    }
}

/// Digits and dashes, a digit first: nothing that a spreadsheet runs.
fn push_date(ready: &mut Vec<u8>, cell: &str) -> Result<()> {
    let byte = cell.as_bytes();
    let right = byte.len() == 10
        && byte.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !right {
        return Err(Error::internal("a cell of a date column is not a date"));
    }
    ready.extend_from_slice(byte);
    Ok(())
}

/// A sign at the start only, digits, one point before so many decimals if there are any: a number to a spreadsheet, whatever its sign.
fn push_number(ready: &mut Vec<u8>, cell: &str, decimals: usize, decimal_mark: u8) -> Result<()> {
    let unsigned = cell.strip_prefix('-').unwrap_or(cell).as_bytes();
    let point = match decimals {
        0 => unsigned.len(),
        _ => unsigned.len().saturating_sub(decimals + 1),
    };
    let (units, fraction) = unsigned.split_at(point);
    let right = !units.is_empty()
        && units.iter().all(u8::is_ascii_digit)
        && match fraction.split_first() {
            None => decimals == 0,
            Some((mark, decimals)) => *mark == b'.' && decimals.iter().all(u8::is_ascii_digit),
        };
    if !right {
        return Err(Error::internal("a cell of a number column is not a number"));
    }
    ready.extend_from_slice(cell.as_bytes());
    if decimals > 0 {
        let point = ready.len() - decimals - 1;
        ready[point] = decimal_mark;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::files::test_table;

    const STYLES: [CsvStyle; 2] = [CsvStyle::RFC_4180, CsvStyle::EXCEL];

    fn csv_of(style: CsvStyle, righe: &[[&str; 3]]) -> Result<String> {
        let mut csv = Box::new(Csv::new(&test_table::TEST_TABLE, style));
        for riga in righe {
            csv.write_row(riga)?;
        }
        let file = csv.finish(&test_table::file_info())?;
        Ok(String::from_utf8(file).unwrap())
    }

    #[test]
    fn as_each_style_has_it() {
        let righe = [
            ["145/2023", "2023-12-22", "1234.50"],
            ["=cmd|\"x\"!A1", "", "-3.00"],
            ["a;b,c\nd", "2023-01-01", ""],
        ];
        assert_eq!(
            csv_of(CsvStyle::RFC_4180, &righe).unwrap(),
            "testo,giorno,importo\r\n145/2023,2023-12-22,1234.50\r\n\"'=cmd|\"\"x\"\"!A1\",,-3.00\r\n\
             \"a;b,c\nd\",2023-01-01,\r\n"
        );
        assert_eq!(
            csv_of(CsvStyle::EXCEL, &righe).unwrap(),
            "\u{feff}testo;giorno;importo\r\n\"=\"\"145/2023\"\"\";2023-12-22;1234,50\r\n\"'=cmd|\"\"x\"\"!A1\";;-3,00\r\n\
             \"a;b,c\nd\";2023-01-01;\r\n"
        );
    }

    #[test]
    fn a_cell_that_is_not_of_its_type_is_an_error() {
        for (giorno, importo) in [
            ("=1+1", "1.00"),
            ("2023-12-2", "1.00"),
            ("2023-01-01", "=1"),
            ("2023-01-01", "-1-1.00"),
            ("2023-01-01", "+1.00"),
            ("2023-01-01", "-.00"),
            ("2023-01-01", "1"),
            ("2023-01-01", "1.è"),
        ] {
            for style in STYLES {
                assert!(
                    csv_of(style, &[["a", giorno, importo]]).is_err(),
                    "{giorno} {importo}"
                );
            }
        }
    }

    #[test]
    fn numbers_have_the_decimals_of_their_type() {
        let written = |cell: &str, decimals| {
            let mut ready = Vec::new();
            push_number(&mut ready, cell, decimals, b',').ok()?;
            String::from_utf8(ready).ok()
        };
        for (cell, decimals, expected) in [
            ("2026", 0, "2026"),
            ("-3", 0, "-3"),
            ("0.660600", 6, "0,660600"),
            ("-1.50", 2, "-1,50"),
        ] {
            assert_eq!(written(cell, decimals).as_deref(), Some(expected));
        }
        for (cell, decimals) in [
            ("1.00", 0),
            ("-", 0),
            ("1", 2),
            ("1.00", 6),
            ("0.660600", 2),
            (".660600", 6),
        ] {
            assert_eq!(written(cell, decimals), None, "{cell} {decimals}");
        }
    }

    #[test]
    fn what_excel_would_change_is_literal() {
        for changed in [
            "1/2",
            "2023-01-05",
            "3E10",
            "1.234",
            "0001",
            "mar-1",
            "10 mag 2023",
            "00743110157",
            "vero",
            "FALSE",
            "333-145",
        ] {
            let text = csv_of(CsvStyle::EXCEL, &[[changed, "", ""]]).unwrap();
            assert_eq!(
                text.lines().nth(1),
                Some(&*format!("\"=\"\"{changed}\"\"\";;"))
            );
            let text = csv_of(CsvStyle::RFC_4180, &[[changed, "", ""]]).unwrap();
            assert_eq!(text.lines().nth(1), Some(&*format!("{changed},,")));
        }
        for (number, written) in [
            ("9999999999999.99", "9999999999999,99"),
            ("-9999999999999.99", "-9999999999999,99"),
            ("10000000000000.00", "\"=\"\"10000000000000,00\"\"\""),
        ] {
            let text = csv_of(CsvStyle::EXCEL, &[["CIGS", "", number]]).unwrap();
            assert_eq!(text.lines().nth(1), Some(&*format!("CIGS;;{written}")));
        }
    }

    proptest! {
        /// Whatever a text is, it comes back, and no cell begins as a formula does; a number stays what it is.
        #[test]
        fn no_cell_is_run(
            texts in prop::collection::vec("[=+@\\-\t\r\n＝－]?([;,\"'=\\-a ]|\r|\n|\\PC){0,8}", 1..8),
            importo in "-?[0-9]{1,16}\\.[0-9]{2}",
        ) {
            for style in STYLES {
                let righe: Vec<[&str; 3]> =
                    texts.iter().map(|testo| [testo, "2023-12-22", &importo]).collect();
                let file = csv_of(style, &righe).unwrap();
                let file = file.strip_prefix('\u{feff}').unwrap_or(&file);
                let mut reader = ::csv::ReaderBuilder::new()
                    .delimiter(style.separator)
                    .from_reader(file.as_bytes());
                let read: Vec<_> = reader.records().map(Result::unwrap).collect();
                prop_assert_eq!(read.len(), texts.len());
                for (record, testo) in read.iter().zip(&texts) {
                    // A formula that is one text, whatever the text is.
                    let literal = |cell: &str| {
                        let text = cell.strip_prefix("=\"")?.strip_suffix('"')?;
                        (style.literally && !text.contains('"')).then(|| text.to_owned())
                    };
                    if let Some(text) = literal(&record[0]) {
                        prop_assert_eq!(&text, testo);
                        continue;
                    }
                    prop_assert!(!is_formula(&record[0]), "{:?}", &record[0]);
                    let restored = match is_formula(testo) {
                        true => record[0].strip_prefix('\'').unwrap(),
                        false => &record[0],
                    };
                    prop_assert_eq!(restored, testo);
                    let number = literal(&record[2]);
                    prop_assert_eq!(number.is_some(), style.literally && digits(&importo) > 15);
                    let number = number.unwrap_or_else(|| record[2].to_owned());
                    prop_assert_eq!(number.replace(',', "."), importo.as_str());
                }
            }
        }
    }
}
