//! What a load says while it runs: the rows it refuses, the ones it doubts, how far it is.

use std::{borrow::Cow, io, sync::Arc};

use crate::{output::terminal::TerminalLine, valori::ValueDefect};

/// A value is shown up to this many characters: enough to find it, and a bound on what a broken file can print.
const SHOWN: usize = 200;

/// Whether a [`Finding`] refuses the extract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The extract is refused.
    Error,
    /// The row is doubtful and taken as it is.
    Warning,
}

impl Severity {
    /// As written in the file of rejects.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "errore",
            Self::Warning => "avviso",
        }
    }
}

/// Why, in both languages: a [`ValueDefect`], or a sentence with numbers in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingReason {
    /// For developers and logs.
    pub english: Cow<'static, str>,
    /// For who made the extract.
    pub italian: Cow<'static, str>,
}

impl From<ValueDefect> for FindingReason {
    fn from(defect: ValueDefect) -> Self {
        Self {
            english: defect.english,
            italian: defect.italian,
        }
    }
}

/// One thing that is wrong with an extract: where, what, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether it refuses the extract.
    pub severity: Severity,
    /// The file, as it was named to the loader.
    pub file: Arc<str>,
    /// The line on which the record starts; the first is 1.
    pub line: u64,
    /// The column, or the columns of a key joined by `+`; empty where the whole record is meant.
    pub column: Cow<'static, str>,
    /// The value, cut to 200 characters. It may be personal data.
    pub value: String,
    /// Why.
    pub reason: FindingReason,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: ", TerminalLine(&self.file), self.line)?;
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        if !self.column.is_empty() {
            // A column that is not known is text from outside too; Debug quotes the value and escapes it.
            write!(f, "{} {:?} ", TerminalLine(&self.column), self.value)?;
        }
        f.write_str(&self.reason.english)
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
pub enum LoadPhase {
    /// The files are read and checked.
    Reading,
    /// The rows are compared with the previous rilevazione and written.
    Writing,
}

/// Is told what a load finds, as it finds it.
pub trait Observer: Send {
    /// One finding. A load may have as many as its rows.
    ///
    /// # Errors
    /// It could not be recorded: the load stops, because a list of rejects that is cut looks whole.
    fn report(&mut self, finding: &Finding) -> io::Result<()>;

    /// A part begins.
    fn phase(&mut self, phase: LoadPhase) {
        let _ = phase;
    }

    /// So many more bytes and rows were read.
    fn progress(&mut self, byte: u64, righe: u64) {
        let _ = (byte, righe);
    }
}

/// Collects everything: for tests and for extracts known to be small.
impl Observer for Vec<Finding> {
    fn report(&mut self, finding: &Finding) -> io::Result<()> {
        self.push(finding.clone());
        Ok(())
    }
}
