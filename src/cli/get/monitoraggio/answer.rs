//! What a call answered, as one table: what is printed and what is written are made of it.

use super::curve::Curve;
use crate::{
    cli::get::failure::Failure,
    contract::{column::Column, proto},
    files::{CellType, FileColumn, FileTable},
};

/// The answer of a call.
#[derive(Debug)]
pub(in crate::cli::get) struct AnswerTable {
    /// What the columns are.
    pub(super) table: &'static FileTable,
    /// The cells as files have them: decimal points, an empty text where there is nothing.
    pub(super) rows: Vec<Vec<String>>,
    /// Printed below the rows. A file does not have them, so that a column can be added up.
    pub(super) total_rows: Vec<Vec<String>>,
    /// What a file says of all its rows: names of columns, decimal texts.
    pub(super) totals: Vec<(&'static str, String)>,
    /// What is to be said of it, in Italian: by what it is about.
    pub(super) sentences: Vec<(&'static str, String)>,
    /// The amounts as a curve, where the caller sees them.
    pub(super) curve: Option<Curve>,
    /// What it was computed on.
    pub(super) rilevazione: proto::Rilevazione,
    /// What that is compared with.
    pub(super) before: Option<proto::Rilevazione>,
    /// The columns that the caller does not see.
    pub(super) hidden: Vec<&'static str>,
}

impl AnswerTable {
    /// One without rows.
    ///
    /// # Errors
    /// It is of no rilevazione.
    pub(super) fn new(
        table: &'static FileTable,
        rilevazione: Option<proto::Rilevazione>,
    ) -> Result<Self, Failure> {
        let rilevazione = rilevazione
            .ok_or_else(|| Failure::mismatch(format!("{}: of no rilevazione", table.name)))?;
        Ok(Self {
            table,
            rows: Vec::new(),
            total_rows: Vec::new(),
            totals: Vec::new(),
            sentences: Vec::new(),
            curve: None,
            rilevazione,
            before: None,
            hidden: Vec::new(),
        })
    }

    /// Empties the columns that are not among those that the caller sees. Counts of rows come as zero to whom does not see them, and are
    /// none.
    pub(super) fn hide(&mut self, seen: &[String]) {
        let hidden = |column: Column| !seen.iter().any(|seen| seen == column.name());
        for (at, column) in self.table.columns.iter().enumerate() {
            if !column.column.is_some_and(hidden) {
                continue;
            }
            self.hidden.push(column.name);
            for row in self.rows.iter_mut().chain(&mut self.total_rows) {
                if let Some(cell) = row.get_mut(at) {
                    cell.clear();
                }
            }
        }
        let hidden = &self.hidden;
        self.totals.retain(|(name, _)| !hidden.contains(name));
    }

    /// Whether the column of this name is there for the caller.
    pub(super) fn shows(&self, name: &str) -> bool {
        let mut columns = self.table.columns.iter();
        columns.any(|column| column.name == name) && !self.hidden.contains(&name)
    }
}

/// The norm of a serie.
pub(super) const NORMATIVA: FileColumn = FileColumn::of(
    Column::Normativa,
    CellType::Text,
    "Codice della normativa che finanzia la prestazione.",
);
/// The benefit of a serie.
pub(super) const PRESTAZIONE: FileColumn = FileColumn::of(
    Column::Prestazione,
    CellType::Text,
    "Codice della prestazione.",
);
/// The appropriation of a year.
pub(super) const STANZIAMENTO: FileColumn = FileColumn::of(
    Column::TotaleStanziamenti,
    CellType::Sum,
    "Stanziamento dell'anno, in euro. Vuoto, che non è zero, dove non ve n'è.",
);
/// What it is.
pub(super) const TIPO: FileColumn = FileColumn::of(
    Column::TipoStanziamento,
    CellType::Text,
    "LIMITE se lo stanziamento è un limite massimo di spesa, PREVISIONE se è una previsione (L. 196/2009, art. 17), LIMITE_E_PREVISIONE se somma gli uni e le altre. Vuoto dove non ve n'è.",
);
