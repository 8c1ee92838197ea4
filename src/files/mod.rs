//! Files: the formats that a report can be downloaded in.
//!
//! ```text
//! rows ──► FormatWriter (csv, xlsx, parquet) ──► bytes ──► File: pezzi of 512 KiB from the offset on, SHA-256 and size of it all
//! ```
//!
//! A [`FormatWriter`] takes rows as texts, in the columns of a [`FileTable`], and gives bytes as they come: no file is ever whole in memory.
//! An empty text is an absent value: of a figure that there is not, or of a column that the caller does not see.
//!
//! The same rows give the same bytes, on every instance: nothing in a file depends on the clock, on chance or on the machine.
//! That is what lets a broken download go on at a byte.
//!
//! # Formulas
//!
//! A spreadsheet runs a cell of a CSV that begins with `=`, `+`, `-`, `@`, a tab or a line break, and such a text can be an attack
//! on whoever opens the file (OWASP, "CSV Injection"). Both CSVs put an apostrophe before such a text ([`csv`]). A number is
//! not a text: a negative residuo stays one, and a cell of a number column that is not a number is an error.
//! A cell of an XLSX says that it is a text, and a Parquet file is not opened by a spreadsheet as text: both keep the value as it is.

pub mod csv;
mod file;
mod file_info;
pub mod file_request;
pub mod parquet;
mod send_pieces;
#[cfg(test)]
mod test_table;
pub mod xlsx;

pub use file::{FileBuilder, FileEnd, FilePiece, PIECE_BYTES};
pub use file_info::{ColumnVisibility, FileInfo, InfoEntry};
pub use send_pieces::send_pieces;

use crate::error::Result;

/// What a file is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// RFC 4180.
    Csv,
    /// For a double click in an Italian Excel.
    CsvExcel,
    /// Office Open XML.
    Xlsx,
    /// Apache Parquet.
    Parquet,
}

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
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileColumn {
    /// Its name in the contract.
    pub name: &'static str,
    /// Its cells.
    pub cell_type: CellType,
    /// What it means, for whoever opens the file: in Italian, with its unit.
    pub description: &'static str,
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

/// Writes the rows of a table in one format.
pub trait FormatWriter: Send {
    /// Adds a row: a cell for each column; an empty one is absent.
    ///
    /// # Errors
    /// A cell is not of the type of its column: a fault of ours.
    fn write_row(&mut self, celle: &[&str]) -> Result<()>;

    /// The bytes that are ready.
    fn take_bytes(&mut self) -> Vec<u8>;

    /// Ends the file and gives its last bytes. A format that has a place for it says there what the rows are.
    ///
    /// # Errors
    /// The format's.
    fn finish(self: Box<Self>, informazioni: &FileInfo) -> Result<Vec<u8>>;
}

impl FileFormat {
    /// Media type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv | Self::CsvExcel => "text/csv; charset=utf-8; header=present",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// How names of such files end.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv | Self::CsvExcel => "csv",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
        }
    }

    /// A writer of a table.
    ///
    /// # Errors
    /// The format's.
    pub fn writer(self, tabella: &'static FileTable) -> Result<Box<dyn FormatWriter>> {
        Ok(match self {
            Self::Csv => Box::new(csv::Csv::new(tabella, csv::CsvStyle::RFC_4180)),
            Self::CsvExcel => Box::new(csv::Csv::new(tabella, csv::CsvStyle::EXCEL)),
            Self::Xlsx => Box::new(xlsx::Xlsx::new(tabella, xlsx::ROWS_PER_SHEET)?),
            Self::Parquet => Box::new(parquet::Parquet::new(tabella, parquet::ROWS_PER_GROUP)?),
        })
    }
}
