//! The formats.

use super::{csv, format_writer::FormatWriter, parquet, table::FileTable, xlsx};
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
    pub fn writer(self, table: &'static FileTable) -> Result<Box<dyn FormatWriter>> {
        Ok(match self {
            Self::Csv => Box::new(csv::Csv::new(table, csv::CsvStyle::RFC_4180)),
            Self::CsvExcel => Box::new(csv::Csv::new(table, csv::CsvStyle::EXCEL)),
            Self::Xlsx => Box::new(xlsx::Xlsx::new(table, xlsx::ROWS_PER_SHEET)?),
            Self::Parquet => Box::new(parquet::Parquet::new(table, parquet::ROWS_PER_GROUP)?),
        })
    }
}
