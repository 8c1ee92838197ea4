//! What a load says while it runs: the rows it refuses, the ones it doubts, how far it is.

use std::{borrow::Cow, io, sync::Arc};

use crate::{output::terminal::Line, valori::Difetto};

/// A value is shown up to this many characters: enough to find it, and a bound on what a broken file can print.
const SHOWN: usize = 200;

/// Whether a [`Segnalazione`] refuses the extract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gravita {
    /// The extract is refused.
    Errore,
    /// The row is doubtful and taken as it is.
    Avviso,
}

impl Gravita {
    /// As written in the file of rejects.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Errore => "errore",
            Self::Avviso => "avviso",
        }
    }
}

/// Why, in both languages: a [`Difetto`], or a sentence with numbers in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Motivo {
    /// For developers and logs.
    pub english: Cow<'static, str>,
    /// For who made the extract.
    pub italiano: Cow<'static, str>,
}

impl From<Difetto> for Motivo {
    fn from(difetto: Difetto) -> Self {
        Self {
            english: difetto.english,
            italiano: difetto.italiano,
        }
    }
}

/// One thing that is wrong with an extract: where, what, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segnalazione {
    /// Whether it refuses the extract.
    pub gravita: Gravita,
    /// The file, as it was named to the loader.
    pub file: Arc<str>,
    /// The line on which the record starts; the first is 1.
    pub riga: u64,
    /// The column, or the columns of a key joined by `+`; empty where the whole record is meant.
    pub colonna: Cow<'static, str>,
    /// The value, cut to 200 characters. It may be personal data.
    pub valore: String,
    /// Why.
    pub motivo: Motivo,
}

impl std::fmt::Display for Segnalazione {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: ", Line(&self.file), self.riga)?;
        if self.gravita == Gravita::Avviso {
            f.write_str("warning: ")?;
        }
        if !self.colonna.is_empty() {
            // A column that is not known is text from outside too; Debug quotes the value and escapes it.
            write!(f, "{} {:?} ", Line(&self.colonna), self.valore)?;
        }
        f.write_str(&self.motivo.english)
    }
}

/// The text that is shown for a field: what is not UTF-8 replaced, what is too long cut.
pub(super) fn shown(field: &[u8]) -> String {
    // A character takes at most four bytes.
    let head = field.get(..SHOWN * 4).unwrap_or(field);
    String::from_utf8_lossy(head).chars().take(SHOWN).collect()
}

/// A part of the load that takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fase {
    /// The files are read and checked.
    Lettura,
    /// The rows are compared with the previous rilevazione and written.
    Scrittura,
}

/// Is told what a load finds, as it finds it.
pub trait Observer: Send {
    /// One finding. A load may have as many as its rows.
    ///
    /// # Errors
    /// It could not be recorded: the load stops, because a list of rejects that is cut looks whole.
    fn segnala(&mut self, segnalazione: &Segnalazione) -> io::Result<()>;

    /// A part begins.
    fn fase(&mut self, fase: Fase) {
        let _ = fase;
    }

    /// So many more bytes and rows were read.
    fn letto(&mut self, byte: u64, righe: u64) {
        let _ = (byte, righe);
    }
}

/// Collects everything: for tests and for extracts known to be small.
impl Observer for Vec<Segnalazione> {
    fn segnala(&mut self, segnalazione: &Segnalazione) -> io::Result<()> {
        self.push(segnalazione.clone());
        Ok(())
    }
}
