//! Reads one file, in a thread of its own: bytes → records → checked rows, handed on in blocks of bounded size.

use std::{
    io::{self, Read},
    sync::Arc,
};

use chrono::Datelike as _;

use super::{
    catalogo::Catalogo,
    copia::Copia,
    records::{Next, Record, Records},
    segnalazione::{Gravita, Motivo, Segnalazione, shown},
    tracciato::Tracciato,
    verifica::{NOT_UTF8, ORDER, Visto, verifica},
};
use crate::valori::Difetto;

/// A block is handed on when its rows have so many bytes…
const BLOCK_BYTES: usize = 128 * 1024;
/// …or when it has so many findings.
const BLOCK_FINDINGS: usize = 256;

const MISSING: Difetto = Difetto::new("the column is missing", "manca la colonna");
const TWICE: Difetto = Difetto::new("the column occurs twice", "la colonna compare due volte");
const UNKNOWN: Difetto = Difetto::new("the column is unknown", "la colonna è sconosciuta");
const EMPTY: Difetto = Difetto::new(
    "the file is empty: a header row is expected",
    "il file è vuoto: è attesa una riga di intestazione",
);
const NO_ROWS: Difetto = Difetto::new(
    "the file has no rows: an extract holds them all, and an empty one would end them all",
    "il file non ha righe: un estratto le contiene tutte, e uno vuoto le farebbe cessare tutte",
);

const NO_VALUES: Difetto = Difetto::new(
    "the row has separators and no values: delete it",
    "la riga ha separatori e nessun valore: va tolta",
);
const BY_FORM: Difetto = Difetto::new(
    "a code of sixteen characters is a natural person's: S or empty",
    "un codice di sedici caratteri è di una persona fisica: S o vuoto",
);
const OTHER_CENTURY: Difetto = Difetto::new(
    "is before 1990 or after 2100: is the year right?",
    "è prima del 1990 o dopo il 2100: l'anno è giusto?",
);
/// The years in which the day of a decree is expected. Others are right days, and doubtful ones: `0023-12-22`.
const FIRST_YEAR: i32 = 1990;
const LAST_YEAR: i32 = 2100;

/// A part of what was read.
#[derive(Debug, Default)]
pub(super) struct Blocco {
    /// Right rows, in the binary format of `COPY`.
    pub(super) copia: Vec<u8>,
    /// How many records were read, right or wrong.
    pub(super) righe: u64,
    /// How many bytes were read.
    pub(super) byte: u64,
    pub(super) segnalazioni: Vec<Segnalazione>,
}

/// Reads `input` to its end, or until `emit` fails, and gives whether it has all the columns: those too that it may do without.
///
/// Where the header is wrong the rows are not read: what they mean is not known.
pub(super) fn leggi(
    input: impl Read,
    file: Arc<str>,
    tracciato: &'static Tracciato,
    catalogo: &Catalogo,
    emit: impl FnMut(Blocco) -> io::Result<()>,
) -> io::Result<bool> {
    let mut lettura = Lettura {
        records: Records::new(Counting { input, read: 0 })?,
        file,
        tracciato,
        catalogo,
        copia: Copia::default(),
        blocco: Blocco::default(),
        rows: 0,
        told: 0,
        columns: 0,
        emit,
    };
    lettura.file()?;
    Ok(lettura.columns == tracciato.colonne.len())
}

struct Lettura<'a, R, E> {
    records: Records<Counting<R>>,
    file: Arc<str>,
    tracciato: &'static Tracciato,
    catalogo: &'a Catalogo,
    copia: Copia,
    blocco: Blocco,
    /// How many records were read in all.
    rows: u64,
    /// How many bytes were told in the blocks before.
    told: u64,
    /// How many columns the header has.
    columns: usize,
    emit: E,
}

impl<R: Read, E: FnMut(Blocco) -> io::Result<()>> Lettura<'_, R, E> {
    fn file(&mut self) -> io::Result<()> {
        if let Some(difetto) = self.records.other_form() {
            self.refuse(1, "", b"", difetto);
            return self.flush();
        }
        let mut record = Record::default();
        let header = self.records.next(&mut record)?;
        let Some(positions) = self.header(&header, &record) else {
            return self.flush();
        };
        loop {
            match self.records.next(&mut record)? {
                Next::End => break,
                Next::Record => self.row(&record, &positions),
                Next::Malformed(field, difetto) => {
                    // The header may have put another column there.
                    let colonna = positions.iter().position(|p| *p == Some(field));
                    let colonna = colonna.map_or("", |index| self.tracciato.colonne[index].0);
                    self.refuse(record.line, colonna, b"", difetto);
                }
            }
            self.rows += 1;
            self.blocco.righe += 1;
            if self.copia.len() >= BLOCK_BYTES || self.blocco.segnalazioni.len() >= BLOCK_FINDINGS {
                self.flush()?;
            }
        }
        if self.tracciato.con_righe && self.rows == 0 {
            self.refuse(record.line, "", b"", NO_ROWS);
        }
        self.flush()
    }

    /// Where in a record each column of the layout stands, if it does; `None` if the header is wrong.
    fn header(&mut self, next: &Next, record: &Record) -> Option<Vec<Option<usize>>> {
        match next {
            Next::Record => {}
            Next::End => {
                self.refuse(1, "", b"", EMPTY);
                return None;
            }
            Next::Malformed(_, difetto) => {
                self.refuse(record.line, "", b"", difetto.clone());
                return None;
            }
        }
        let senza_nome = trailing(record);
        if senza_nome > 0 && senza_nome < record.len() {
            let motivo = Motivo {
                english: format!("the header ends with {senza_nome} separators and no name: columns without a name; delete them in every row").into(),
                italiano: format!("l'intestazione termina con {senza_nome} separatori senza nome: colonne senza nome, da togliere in ogni riga").into(),
            };
            self.tell(Gravita::Errore, record.line, "", String::new(), motivo);
            return None;
        }
        let colonne = self.tracciato.colonne;
        let mut positions = vec![None; colonne.len()];
        let mut right = true;
        for (at, name) in record.fields().enumerate() {
            let column = colonne
                .iter()
                .position(|(known, _)| known.as_bytes() == name);
            let difetto = match column.map(|column| positions[column].replace(at)) {
                Some(None) => continue,
                Some(Some(_)) => TWICE,
                None => UNKNOWN,
            };
            right = false;
            let shown = shown(name);
            self.tell(Gravita::Errore, record.line, shown.clone(), shown, difetto);
        }
        let required = colonne.len() - self.tracciato.facoltative;
        for ((name, _), position) in colonne[..required].iter().zip(&positions) {
            if position.is_none() {
                right = false;
                self.refuse(record.line, name, b"", MISSING);
            }
        }
        self.columns = record.len();
        right.then_some(positions)
    }

    fn row(&mut self, record: &Record, positions: &[Option<usize>]) {
        let tracciato = self.tracciato;
        let line = record.line;
        // What a spreadsheet leaves where rows were deleted.
        if record.len() > 1 && trailing(record) == record.len() {
            self.refuse(line, "", b"", NO_VALUES);
            return;
        }
        if record.len() != self.columns {
            self.tell(
                Gravita::Errore,
                line,
                "",
                String::new(),
                other_width(record, self.columns),
            );
            return;
        }
        // The fields of the layout and the line. There are about a dozen.
        self.copia.start_row(positions.len() as i16 + 1);
        // A file of 2^63 lines is not read in this world's time.
        self.copia.bigint(line.cast_signed());
        let mut right = true;
        let mut dal = None;
        let mut by_form = false;
        for (&(name, tipo), &position) in tracciato.colonne.iter().zip(positions) {
            let field = position.map_or(&[][..], |at| record.field(at));
            let visto = std::str::from_utf8(field)
                .map_err(|_| NOT_UTF8)
                .and_then(|text| verifica(tipo, text, self.catalogo, &mut self.copia));
            match visto {
                Ok(Visto::Altro) => {}
                Ok(Visto::Codice(persona)) => by_form = persona,
                // What its form says already is not said twice.
                Ok(Visto::Persona(said)) => match (by_form, said) {
                    (true, Some(false)) => {
                        right = false;
                        self.refuse(line, name, field, BY_FORM);
                    }
                    (true, _) => self.copia.boolean(false),
                    (false, said) => self.copia.boolean(said == Some(true)),
                },
                Ok(Visto::Dubbio(difetto)) => {
                    self.tell(Gravita::Avviso, line, name, shown(field), difetto);
                }
                Ok(Visto::Data(data)) => {
                    if !(FIRST_YEAR..=LAST_YEAR).contains(&data.year()) {
                        self.tell(Gravita::Avviso, line, name, shown(field), OTHER_CENTURY);
                    }
                    match tracciato.in_ordine {
                        Some((first, _)) if first == name => dal = Some(data),
                        Some((_, last)) if last == name && dal.is_some_and(|dal| data < dal) => {
                            right = false;
                            self.refuse(line, name, field, ORDER);
                        }
                        _ => {}
                    }
                }
                Err(difetto) => {
                    right = false;
                    self.refuse(line, name, field, difetto);
                }
            }
        }
        if !right {
            self.copia.abandon_row();
        }
    }

    fn refuse(&mut self, line: u64, colonna: &'static str, field: &[u8], difetto: Difetto) {
        self.tell(Gravita::Errore, line, colonna, shown(field), difetto);
    }

    fn tell(
        &mut self,
        gravita: Gravita,
        riga: u64,
        colonna: impl Into<std::borrow::Cow<'static, str>>,
        valore: String,
        motivo: impl Into<Motivo>,
    ) {
        self.blocco.segnalazioni.push(Segnalazione {
            gravita,
            file: Arc::clone(&self.file),
            riga,
            colonna: colonna.into(),
            valore,
            motivo: motivo.into(),
        });
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut blocco = std::mem::take(&mut self.blocco);
        blocco.copia = self.copia.take();
        let read = self.records.input().read;
        blocco.byte = read - self.told;
        self.told = read;
        (self.emit)(blocco)
    }
}

/// How many fields at the end of a record are empty.
fn trailing(record: &Record) -> usize {
    let backwards = (0..record.len()).rev();
    backwards
        .take_while(|at| record.field(*at).is_empty())
        .count()
}

fn other_width(record: &Record, expected: usize) -> Motivo {
    let found = record.len();
    let mut motivo = Motivo {
        english: format!("{expected} fields are expected, {found} were found").into(),
        italiano: format!("sono attesi {expected} campi, ne sono stati trovati {found}").into(),
    };
    let more = found.saturating_sub(expected);
    if more > 0 && trailing(record) >= more {
        motivo
            .english
            .to_mut()
            .push_str(&format!(": the row ends with {more} separators too many"));
        motivo.italiano.to_mut().push_str(&format!(
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
