//! What a report is downloaded as.

use std::path::Path;

use clap::ValueEnum;

use crate::{contract::proto::FormatoFile, files::FileFormat};

/// The formats of the contract, as they are named on a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatArg {
    /// CSV by RFC 4180.
    Csv,
    /// CSV as an Italian Excel opens it: byte order mark, semicolon, decimal comma.
    CsvExcel,
    /// An Excel workbook.
    Xlsx,
    /// Apache Parquet.
    Parquet,
}

impl FormatArg {
    /// That which the name of the file ends with, unless another was asked for.
    ///
    /// # Errors
    /// None was asked for, and the name does not tell.
    pub(super) fn chosen(asked: Option<Self>, file: &Path) -> Result<Self, String> {
        let ending = || file.extension()?.to_str().map(str::to_ascii_lowercase);
        match (asked, ending().as_deref()) {
            (Some(formato), _) => Ok(formato),
            (None, Some("csv")) => Ok(Self::Csv),
            (None, Some("xlsx")) => Ok(Self::Xlsx),
            (None, Some("parquet")) => Ok(Self::Parquet),
            (None, _) => Err(
                "which format? give --formato, or a file that ends in .csv, .xlsx or .parquet"
                    .to_owned(),
            ),
        }
    }

    /// Its name on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::CsvExcel => "csv-excel",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
        }
    }
}

impl From<FormatArg> for FormatoFile {
    fn from(formato: FormatArg) -> Self {
        match formato {
            FormatArg::Csv => Self::Csv,
            FormatArg::CsvExcel => Self::CsvExcel,
            FormatArg::Xlsx => Self::Xlsx,
            FormatArg::Parquet => Self::Parquet,
        }
    }
}

impl From<FormatArg> for FileFormat {
    fn from(formato: FormatArg) -> Self {
        match formato {
            FormatArg::Csv => Self::Csv,
            FormatArg::CsvExcel => Self::CsvExcel,
            FormatArg::Xlsx => Self::Xlsx,
            FormatArg::Parquet => Self::Parquet,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_file_tells_unless_one_is_asked_for() {
        let chosen = |asked, file: &str| FormatArg::chosen(asked, file.as_ref());
        assert_eq!(chosen(None, "a.b/x.CSV"), Ok(FormatArg::Csv));
        assert_eq!(chosen(None, "x.xlsx"), Ok(FormatArg::Xlsx));
        assert_eq!(chosen(None, "x.parquet"), Ok(FormatArg::Parquet));
        assert_eq!(
            chosen(Some(FormatArg::CsvExcel), "x.csv"),
            Ok(FormatArg::CsvExcel)
        );
        assert_eq!(chosen(Some(FormatArg::Csv), "-"), Ok(FormatArg::Csv));
        for none in ["-", "x", "x.txt", ".csv", "csv"] {
            assert!(chosen(None, none).is_err(), "{none}");
        }
    }

    #[test]
    fn names_are_those_that_clap_reads() {
        for formato in FormatArg::value_variants() {
            assert_eq!(
                FormatArg::from_str(formato.name(), false).as_ref(),
                Ok(formato)
            );
        }
    }
}
