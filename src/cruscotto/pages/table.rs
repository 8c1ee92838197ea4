//! A table of figures, some of which are estimates: what is estimated says so in its heading and in its look.

use super::words;
use crate::{contract::proto::StanziamentoAnno, cruscotto::format};

/// A table. Columns that the profile does not see are not in it.
pub(super) struct FigureTable {
    pub(super) id: &'static str,
    pub(super) caption: String,
    /// The heading of the rows' own headings.
    pub(super) first: &'static str,
    pub(super) columns: Vec<FigureColumn>,
    pub(super) rows: Vec<FigureRow>,
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct FigureColumn {
    pub(super) text: &'static str,
    pub(super) kind: ColumnKind,
    is_seen: bool,
}

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnKind {
    Accounted,
    Estimate,
    Words,
}

/// A row, with its heading and what stands below it in small.
pub(super) struct FigureRow {
    pub(super) head: String,
    pub(super) note: &'static str,
    pub(super) cells: Vec<FigureCell>,
}

/// A figure that stands alone, and what it is.
pub(super) struct NamedFigure {
    pub(super) text: &'static str,
    pub(super) cell: FigureCell,
}

/// What stands in a cell.
#[derive(Debug, Clone)]
pub(super) struct FigureCell {
    pub(super) text: String,
    /// Why there is nothing: "assente", "non visibile".
    pub(super) gap: &'static str,
    pub(super) note: &'static str,
    pub(super) is_negative: bool,
    pub(super) kind: ColumnKind,
}

impl FigureColumn {
    pub(super) fn new(text: &'static str, kind: ColumnKind, is_seen: bool) -> Self {
        Self {
            text,
            kind,
            is_seen,
        }
    }

    pub(super) fn is_estimate(&self) -> bool {
        self.kind == ColumnKind::Estimate
    }

    pub(super) fn is_words(&self) -> bool {
        self.kind == ColumnKind::Words
    }
}

impl FigureTable {
    /// Of rows that have a cell for every column, seen or not. A row is its heading, what is noted below it, and its cells.
    pub(super) fn new(
        id: &'static str,
        caption: String,
        first: &'static str,
        columns: Vec<FigureColumn>,
        rows: impl Iterator<Item = (String, &'static str, Vec<FigureCell>)>,
    ) -> Self {
        let rows = rows.map(|(head, note, cells)| FigureRow {
            head,
            note,
            cells: cells
                .into_iter()
                .zip(&columns)
                .filter(|(_, column)| column.is_seen)
                .map(|(cell, column)| FigureCell {
                    kind: column.kind,
                    ..cell
                })
                .collect(),
        });
        Self {
            id,
            caption,
            first,
            rows: rows.collect(),
            columns: columns
                .into_iter()
                .filter(|column| column.is_seen)
                .collect(),
        }
    }
}

impl FigureCell {
    /// Euro that every answer has: empty is what the profile does not see.
    pub(super) fn euro(decimal: &str) -> Self {
        Self::figure(format::euro(decimal), decimal, "non visibile")
    }

    /// Euro that an answer may have.
    pub(super) fn euro_if_any(decimal: Option<&str>) -> Self {
        match decimal {
            Some(decimal) => Self::euro(decimal),
            None => Self::figure(String::new(), "", "assente"),
        }
    }

    /// An appropriation, with its kind below it.
    pub(super) fn appropriation(cap: Option<&StanziamentoAnno>) -> Self {
        let kind = cap.map(|cap| words::kind(cap.tipo_stanziamento()));
        let cell = Self::euro_if_any(cap.map(|cap| &*cap.totale_stanziamenti));
        Self {
            note: kind.unwrap_or_default(),
            ..cell
        }
    }

    /// A part of one, in thousandths.
    pub(super) fn percentage(permille: Option<i64>) -> Self {
        let text = permille.map(format::percentage).unwrap_or_default();
        Self::figure(text, "", "assente")
    }

    /// Words, or a number that is none of euro.
    pub(super) fn words(text: impl Into<String>) -> Self {
        Self::figure(text.into(), "", "non visibile")
    }

    pub(super) fn is_estimate(&self) -> bool {
        self.kind == ColumnKind::Estimate
    }

    pub(super) fn is_words(&self) -> bool {
        self.kind == ColumnKind::Words
    }

    fn figure(text: String, decimal: &str, gap: &'static str) -> Self {
        Self {
            text,
            gap,
            note: "",
            is_negative: decimal.starts_with('-'),
            kind: ColumnKind::Accounted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_is_not_seen_is_not_there() {
        let columns = vec![
            FigureColumn::new("A", ColumnKind::Accounted, false),
            FigureColumn::new("B", ColumnKind::Estimate, true),
        ];
        let cells = vec![FigureCell::euro(""), FigureCell::euro("-1.00")];
        let rows = [("x".to_owned(), "", cells)];
        let table = FigureTable::new("t", String::new(), "", columns, rows.into_iter());
        assert_eq!(table.columns.len(), 1);
        let [cell] = &table.rows[0].cells[..] else {
            panic!("one cell");
        };
        assert_eq!(
            (&*cell.text, cell.is_negative, cell.kind),
            ("−1,00\u{a0}€", true, ColumnKind::Estimate)
        );
        assert_eq!(FigureCell::euro_if_any(None).gap, "assente");
    }
}
