//! What a report is downloaded as.

use std::path::Path;

use clap::ValueEnum;

use crate::contract::proto::FormatoFile;

/// The formats of the contract, as they are named on a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Formato {
    /// CSV by RFC 4180.
    Csv,
    /// CSV as an Italian Excel opens it: byte order mark, semicolon, decimal comma.
    CsvExcel,
    /// An Excel workbook.
    Xlsx,
    /// Apache Parquet.
    Parquet,
}

impl Formato {
    /// That which the name of the file ends with, unless another was asked for.
    ///
    /// # Errors
    /// None was asked for, and the name does not tell.
    pub(super) fn scelto(asked: Option<Self>, file: &Path) -> Result<Self, String> {
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
    pub(super) fn nome(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::CsvExcel => "csv-excel",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
        }
    }
}

impl From<Formato> for FormatoFile {
    fn from(formato: Formato) -> Self {
        match formato {
            Formato::Csv => Self::Csv,
            Formato::CsvExcel => Self::CsvExcel,
            Formato::Xlsx => Self::Xlsx,
            Formato::Parquet => Self::Parquet,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_file_tells_unless_one_is_asked_for() {
        let scelto = |asked, file: &str| Formato::scelto(asked, file.as_ref());
        assert_eq!(scelto(None, "a.b/x.CSV"), Ok(Formato::Csv));
        assert_eq!(scelto(None, "x.xlsx"), Ok(Formato::Xlsx));
        assert_eq!(scelto(None, "x.parquet"), Ok(Formato::Parquet));
        assert_eq!(
            scelto(Some(Formato::CsvExcel), "x.csv"),
            Ok(Formato::CsvExcel)
        );
        assert_eq!(scelto(Some(Formato::Csv), "-"), Ok(Formato::Csv));
        for none in ["-", "x", "x.txt", ".csv", "csv"] {
            assert!(scelto(None, none).is_err(), "{none}");
        }
    }

    #[test]
    fn names_are_those_that_clap_reads() {
        for formato in Formato::value_variants() {
            assert_eq!(
                Formato::from_str(formato.nome(), false).as_ref(),
                Ok(formato)
            );
        }
    }
}
