//! Files read back: by the csv crate, as the XML that an XLSX is, and by the reader of the parquet crate. What other software
//! makes of them is seen in tests/interop.

use std::io::{Cursor, Read as _};

use chrono::{Days, NaiveDate};
use omnia::contract::proto::FormatoFile;
use parquet::{
    file::reader::{FileReader as _, SerializedFileReader},
    record::Field,
};

/// A file as a table of texts: what each cell says, in the contract's form of it.
#[derive(Debug, PartialEq)]
pub struct TextTable {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// Reads a file.
pub fn read_table(formato: FormatoFile, byte: &[u8]) -> TextTable {
    match formato {
        FormatoFile::Csv => csv(byte, b','),
        FormatoFile::CsvExcel => {
            let byte = byte
                .strip_prefix("\u{feff}".as_bytes())
                .expect("the byte order mark");
            let mut read = csv(byte, b';');
            for cell in read.rows.iter_mut().flatten() {
                // A formula whose value is this text.
                if let Some(text) = cell.strip_prefix("=\"") {
                    *cell = text.strip_suffix('"').unwrap().to_owned();
                }
                if let Some(numero) = decimal(cell) {
                    *cell = numero;
                }
            }
            read
        }
        FormatoFile::Xlsx => xlsx(byte),
        FormatoFile::Parquet => parquet(byte),
        FormatoFile::Unspecified => panic!("no format"),
    }
}

fn csv(byte: &[u8], separator: u8) -> TextTable {
    // Every line ends as RFC 4180 says, the last too.
    let text = std::str::from_utf8(byte).unwrap();
    assert!(text.ends_with("\r\n"));
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(true)
        .from_reader(byte);
    let texts = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
    let colonne = texts(reader.headers().unwrap());
    let righe = reader
        .records()
        .map(|record| texts(&record.unwrap()))
        .collect();
    TextTable {
        columns: colonne,
        rows: righe,
    }
}

/// `-12,50` as `-12.50`; `None`: no such number.
fn decimal(cell: &str) -> Option<String> {
    let (units, cents) = cell.split_once(',')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let right = digits(units.strip_prefix('-').unwrap_or(units)) && digits(cents);
    right.then(|| format!("{units}.{cents}"))
}

/// One part of an XLSX.
pub fn zip_part(byte: &[u8], nome: &str) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(byte)).unwrap();
    let mut testo = String::new();
    let mut parte = zip.by_name(nome).unwrap();
    parte.read_to_string(&mut testo).unwrap();
    testo
}

/// The first sheet of a workbook.
fn xlsx(byte: &[u8]) -> TextTable {
    let sheet = zip_part(byte, "xl/worksheets/sheet1.xml");
    let mut righe = sheet.split("<row r=\"").skip(1).map(row_cells);
    let colonne = righe.next().unwrap();
    let righe = righe.map(|mut riga| {
        riga.resize(colonne.len(), String::new());
        riga
    });
    TextTable {
        rows: righe.collect(),
        columns: colonne,
    }
}

/// Every cell where its name says; `A1` and `B1` are those of the header.
fn row_cells(xml: &str) -> Vec<String> {
    let mut cells: Vec<String> = Vec::new();
    for cell in xml.split("<c r=\"").skip(1) {
        let colonna = usize::from(cell.as_bytes()[0] - b'A');
        cells.resize(colonna, String::new());
        let between = |open: &str, close: &str| {
            let (_, rest) = cell.split_once(open)?;
            Some(rest.split_once(close).unwrap().0.to_owned())
        };
        let testo = between("<t>", "</t>");
        let style = between(" s=\"", "\"");
        cells.push(match (testo, style.as_deref()) {
            (Some(testo), _) => testo,
            (None, Some("1")) => {
                let days = between("<v>", "</v>").unwrap().parse().unwrap();
                let zero = NaiveDate::from_ymd_opt(1899, 12, 30).unwrap();
                (zero + Days::new(days)).to_string()
            }
            (None, style) => {
                assert_eq!(style, Some("2"), "an amount");
                between("<v>", "</v>").unwrap()
            }
        });
    }
    cells
}

fn parquet(byte: &[u8]) -> TextTable {
    let reader = SerializedFileReader::new(bytes::Bytes::copy_from_slice(byte)).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr();
    let colonne = schema
        .columns()
        .iter()
        .map(|c| c.name().to_owned())
        .collect();
    let righe = reader.get_row_iter(None).unwrap().map(|row| {
        let row = row.unwrap();
        row.get_column_iter()
            .map(|(_, field)| match field {
                Field::Null => String::new(),
                Field::Str(text) => text.clone(),
                Field::Decimal(_) | Field::Date(_) => field.to_string(),
                other => panic!("{other:?}"),
            })
            .collect()
    });
    TextTable {
        rows: righe.collect(),
        columns: colonne,
    }
}
