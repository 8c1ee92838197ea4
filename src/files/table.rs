//! The table that a file holds.

use crate::contract::column::Column;

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellType {
    /// Any text.
    Text,
    /// `YYYY-MM-DD`.
    Date,
    /// An amount or hours of one row: a decimal number with two decimals and at most 16 digits before them, `-12.50`.
    Number,
    /// What such numbers add up to: as many digits as it takes.
    Sum,
    /// A whole number, of rows or of a year: `2026`, `-3`.
    Count,
    /// One amount divided by another: a decimal number with six decimals, `0.660600`.
    Ratio,
}

impl CellType {
    /// How many decimals its numbers have. `None`: its cells are no numbers.
    #[must_use]
    pub fn decimals(self) -> Option<usize> {
        match self {
            Self::Text | Self::Date => None,
            Self::Number | Self::Sum => Some(2),
            Self::Count => Some(0),
            Self::Ratio => Some(6),
        }
    }
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileColumn {
    /// Its name in the contract, or one of the file's own.
    pub name: &'static str,
    /// What of the contract it shows: the profile says whether the caller sees it. `None`: it says something of the row itself.
    pub column: Option<Column>,
    /// Its cells.
    pub cell_type: CellType,
    /// What it means, for the reader of the file: in Italian, with its unit.
    pub description: &'static str,
}

impl FileColumn {
    /// A column that shows one of the contract, under its name.
    #[must_use]
    pub const fn of(column: Column, cell_type: CellType, description: &'static str) -> Self {
        Self::named(column.name(), column, cell_type, description)
    }

    /// A column that says something of the row itself: its month, its age.
    #[must_use]
    pub const fn of_row(
        name: &'static str,
        cell_type: CellType,
        description: &'static str,
    ) -> Self {
        Self {
            name,
            column: None,
            cell_type,
            description,
        }
    }

    /// A column that shows one of the contract, under a name of its own.
    #[must_use]
    pub const fn named(
        name: &'static str,
        column: Column,
        cell_type: CellType,
        description: &'static str,
    ) -> Self {
        Self {
            name,
            column: Some(column),
            cell_type,
            description,
        }
    }
}

/// What the rows of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileTable {
    /// Of the report, in Italian.
    pub title: &'static str,
    /// Of the sheets with the rows, and of the file.
    pub name: &'static str,
    /// In order.
    pub columns: &'static [FileColumn],
}
