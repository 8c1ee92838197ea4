//! Reads one file, in a thread of its own: bytes → records → checked rows, handed on in blocks of bounded size.

use std::{
    io::{self, Read},
    sync::Arc,
};

use chrono::Datelike as _;

use super::{
    catalog::Catalog,
    copy::CopyBuffer,
    finding::{Finding, FindingReason, Severity, shown},
    layout::FileLayout,
    records::{CsvRecord, CsvRecords, Next},
    verify::{CheckedValue, NOT_UTF8, ORDER, verify},
};
use crate::valori::ValueDefect;

/// A block is handed on when its rows have so many bytes…
const BLOCK_BYTES: usize = 128 * 1024;
/// …or when it has so many findings.
const BLOCK_FINDINGS: usize = 256;

const MISSING: ValueDefect = ValueDefect::new("the column is missing", "manca la colonna");
const TWICE: ValueDefect =
    ValueDefect::new("the column occurs twice", "la colonna compare due volte");
const UNKNOWN: ValueDefect = ValueDefect::new("the column is unknown", "la colonna è sconosciuta");
const EMPTY: ValueDefect = ValueDefect::new(
    "the file is empty: a header row is expected",
    "il file è vuoto: è attesa una riga di intestazione",
);
const NO_ROWS: ValueDefect = ValueDefect::new(
    "the file has no rows: an extract holds them all, and an empty one would end them all",
    "il file non ha righe: un estratto le contiene tutte, e uno vuoto le farebbe cessare tutte",
);

const NO_VALUES: ValueDefect = ValueDefect::new(
    "the row has separators and no values: delete it",
    "la riga ha separatori e nessun valore: va tolta",
);
const BY_FORM: ValueDefect = ValueDefect::new(
    "a code of sixteen characters is a natural person's: S or empty",
    "un codice di sedici caratteri è di una persona fisica: S o vuoto",
);
const OTHER_CENTURY: ValueDefect = ValueDefect::new(
    "is before 1990 or after 2100: is the year right?",
    "è prima del 1990 o dopo il 2100: l'anno è giusto?",
);
/// The years in which the day of a decree is expected. Others are right days, and doubtful ones: `0023-12-22`.
const FIRST_YEAR: i32 = 1990;
const LAST_YEAR: i32 = 2100;

/// A part of what was read.
#[derive(Debug, Default)]
pub(super) struct ReadBlock {
    /// Right rows, in the binary format of `COPY`.
    pub(super) copy: Vec<u8>,
    /// How many records were read, right or wrong.
    pub(super) rows: u64,
    /// How many bytes were read.
    pub(super) bytes: u64,
    pub(super) findings: Vec<Finding>,
}

/// Reads `input` to its end, or until `emit` fails, and gives whether it has all the columns: those too that it may do without.
///
/// Where the header is wrong the rows are not read: what they mean is not known.
pub(super) fn read(
    input: impl Read,
    file: Arc<str>,
    layout: &'static FileLayout,
    catalog: &Catalog,
    emit: impl FnMut(ReadBlock) -> io::Result<()>,
) -> io::Result<bool> {
    let mut reading = ExtractReader {
        records: CsvRecords::new(Counting { input, read: 0 })?,
        file,
        layout,
        catalog,
        copy: CopyBuffer::default(),
        blocco: ReadBlock::default(),
        rows: 0,
        told: 0,
        columns: 0,
        emit,
    };
    reading.file()?;
    Ok(reading.columns == layout.columns.len())
}

struct ExtractReader<'a, R, E> {
    records: CsvRecords<Counting<R>>,
    file: Arc<str>,
    layout: &'static FileLayout,
    catalog: &'a Catalog,
    copy: CopyBuffer,
    blocco: ReadBlock,
    /// How many records were read in all.
    rows: u64,
    /// How many bytes were told in the blocks before.
    told: u64,
    /// How many columns the header has.
    columns: usize,
    emit: E,
}

impl<R: Read, E: FnMut(ReadBlock) -> io::Result<()>> ExtractReader<'_, R, E> {
    fn file(&mut self) -> io::Result<()> {
        if let Some(defect) = self.records.other_form() {
            self.refuse(1, "", b"", defect);
            return self.flush();
        }
        let mut record = CsvRecord::default();
        let header = self.records.next(&mut record)?;
        let Some(positions) = self.header(&header, &record) else {
            return self.flush();
        };
        loop {
            match self.records.next(&mut record)? {
                Next::End => break,
                Next::Record => self.row(&record, &positions),
                Next::Malformed(field, defect) => {
                    // The header may have put another column there.
                    let colonna = positions.iter().position(|p| *p == Some(field));
                    let colonna = colonna.map_or("", |index| self.layout.columns[index].0);
                    self.refuse(record.line, colonna, b"", defect);
                }
            }
            self.rows += 1;
            self.blocco.rows += 1;
            if self.copy.len() >= BLOCK_BYTES || self.blocco.findings.len() >= BLOCK_FINDINGS {
                self.flush()?;
            }
        }
        if self.layout.needs_rows && self.rows == 0 {
            self.refuse(record.line, "", b"", NO_ROWS);
        }
        self.flush()
    }

    /// Where in a record each column of the layout stands, if it does; `None` if the header is wrong.
    fn header(&mut self, next: &Next, record: &CsvRecord) -> Option<Vec<Option<usize>>> {
        match next {
            Next::Record => {}
            Next::End => {
                self.refuse(1, "", b"", EMPTY);
                return None;
            }
            Next::Malformed(_, defect) => {
                self.refuse(record.line, "", b"", defect.clone());
                return None;
            }
        }
        let unnamed = trailing(record);
        if unnamed > 0 && unnamed < record.len() {
            let motivo = FindingReason {
                english: format!("the header ends with {unnamed} separators and no name: columns without a name; delete them in every row").into(),
                italian: format!("l'intestazione termina con {unnamed} separatori senza nome: colonne senza nome, da togliere in ogni riga").into(),
            };
            self.tell(Severity::Error, record.line, "", String::new(), motivo);
            return None;
        }
        let colonne = self.layout.columns;
        let mut positions = vec![None; colonne.len()];
        let mut right = true;
        for (at, name) in record.fields().enumerate() {
            let column = colonne
                .iter()
                .position(|(known, _)| known.as_bytes() == name);
            let defect = match column.map(|column| positions[column].replace(at)) {
                Some(None) => continue,
                Some(Some(_)) => TWICE,
                None => UNKNOWN,
            };
            right = false;
            let shown = shown(name);
            self.tell(Severity::Error, record.line, shown.clone(), shown, defect);
        }
        let required = colonne.len() - self.layout.optional;
        for ((name, _), position) in colonne[..required].iter().zip(&positions) {
            if position.is_none() {
                right = false;
                self.refuse(record.line, name, b"", MISSING);
            }
        }
        self.columns = record.len();
        right.then_some(positions)
    }

    fn row(&mut self, record: &CsvRecord, positions: &[Option<usize>]) {
        let layout = self.layout;
        let line = record.line;
        // What a spreadsheet leaves where rows were deleted.
        if record.len() > 1 && trailing(record) == record.len() {
            self.refuse(line, "", b"", NO_VALUES);
            return;
        }
        if record.len() != self.columns {
            self.tell(
                Severity::Error,
                line,
                "",
                String::new(),
                other_width(record, self.columns),
            );
            return;
        }
        // The fields of the layout and the line. There are about a dozen.
        self.copy.start_row(positions.len() as i16 + 1);
        // A file of 2^63 lines is not read in this world's time.
        self.copy.bigint(line.cast_signed());
        let mut right = true;
        let mut dal = None;
        let mut by_form = false;
        for (&(name, tipo), &position) in layout.columns.iter().zip(positions) {
            let field = position.map_or(&[][..], |at| record.field(at));
            let seen = std::str::from_utf8(field)
                .map_err(|_| NOT_UTF8)
                .and_then(|text| verify(tipo, text, self.catalog, &mut self.copy));
            match seen {
                Ok(CheckedValue::Other) => {}
                Ok(CheckedValue::Code(persona)) => by_form = persona,
                // What its form says already is not said twice.
                Ok(CheckedValue::Person(said)) => match (by_form, said) {
                    (true, Some(false)) => {
                        right = false;
                        self.refuse(line, name, field, BY_FORM);
                    }
                    (true, _) => self.copy.boolean(false),
                    (false, said) => self.copy.boolean(said == Some(true)),
                },
                Ok(CheckedValue::Doubtful(defect)) => {
                    self.tell(Severity::Warning, line, name, shown(field), defect);
                }
                Ok(CheckedValue::Date(data)) => {
                    if !(FIRST_YEAR..=LAST_YEAR).contains(&data.year()) {
                        self.tell(Severity::Warning, line, name, shown(field), OTHER_CENTURY);
                    }
                    match layout.in_order {
                        Some((first, _)) if first == name => dal = Some(data),
                        Some((_, last)) if last == name && dal.is_some_and(|dal| data < dal) => {
                            right = false;
                            self.refuse(line, name, field, ORDER);
                        }
                        _ => {}
                    }
                }
                Err(defect) => {
                    right = false;
                    self.refuse(line, name, field, defect);
                }
            }
        }
        if !right {
            self.copy.abandon_row();
        }
    }

    fn refuse(&mut self, line: u64, colonna: &'static str, field: &[u8], defect: ValueDefect) {
        self.tell(Severity::Error, line, colonna, shown(field), defect);
    }

    fn tell(
        &mut self,
        severity: Severity,
        riga: u64,
        colonna: impl Into<std::borrow::Cow<'static, str>>,
        value: String,
        motivo: impl Into<FindingReason>,
    ) {
        self.blocco.findings.push(Finding {
            severity,
            file: Arc::clone(&self.file),
            line: riga,
            column: colonna.into(),
            value,
            reason: motivo.into(),
        });
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut blocco = std::mem::take(&mut self.blocco);
        blocco.copy = self.copy.take();
        let read = self.records.input().read;
        blocco.bytes = read - self.told;
        self.told = read;
        (self.emit)(blocco)
    }
}

/// How many fields at the end of a record are empty.
fn trailing(record: &CsvRecord) -> usize {
    let backwards = (0..record.len()).rev();
    backwards
        .take_while(|at| record.field(*at).is_empty())
        .count()
}

fn other_width(record: &CsvRecord, expected: usize) -> FindingReason {
    let found = record.len();
    let mut motivo = FindingReason {
        english: format!("{expected} fields are expected, {found} were found").into(),
        italian: format!("sono attesi {expected} campi, ne sono stati trovati {found}").into(),
    };
    let more = found.saturating_sub(expected);
    if more > 0 && trailing(record) >= more {
        motivo
            .english
            .to_mut()
            .push_str(&format!(": the row ends with {more} separators too many"));
        motivo.italian.to_mut().push_str(&format!(
            ": la riga termina con {more} separatori di troppo"
        ));
    }
    motivo
}

/// Counts the bytes that pass.
struct Counting<R> {
    input: R,
    read: u64,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}
