//! Files read back by other libraries than those that write them.

use omnia::proto::FormatoFile;

/// A file as a table of texts: what each cell says, in the contract's form of it.
#[derive(Debug, PartialEq)]
pub struct Letto {
    pub colonne: Vec<String>,
    pub righe: Vec<Vec<String>>,
}

/// Reads a file.
pub fn leggi(formato: FormatoFile, byte: &[u8]) -> Letto {
    match formato {
        FormatoFile::Csv => csv(byte, b','),
        FormatoFile::CsvExcel => {
            let byte = byte
                .strip_prefix("\u{feff}".as_bytes())
                .expect("the byte order mark");
            let mut letto = csv(byte, b';');
            for cella in letto.righe.iter_mut().flatten() {
                if let Some(numero) = decimale(cella) {
                    *cella = numero;
                }
            }
            letto
        }
        other => panic!("{other:?} is not read here"),
    }
}

fn csv(byte: &[u8], separatore: u8) -> Letto {
    // Every line ends as RFC 4180 says, the last too.
    let text = std::str::from_utf8(byte).unwrap();
    assert!(text.ends_with("\r\n"));
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separatore)
        .has_headers(true)
        .from_reader(byte);
    let texts = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
    let colonne = texts(reader.headers().unwrap());
    let righe = reader
        .records()
        .map(|record| texts(&record.unwrap()))
        .collect();
    Letto { colonne, righe }
}

/// `-12,50` as `-12.50`; `None`: no such number.
fn decimale(cella: &str) -> Option<String> {
    let (units, cents) = cella.split_once(',')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let right = digits(units.strip_prefix('-').unwrap_or(units)) && digits(cents);
    right.then(|| format!("{units}.{cents}"))
}
