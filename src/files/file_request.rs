//! What a request for a file says of it, read once.

use super::{FileFormat, FilePiece};
use crate::{
    contract::proto::{FormatoFile, PezzoFile},
    error::Violations,
    valori::{NumeroRilevazione, ValueDefect},
};

/// What file is wanted, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileRequest {
    /// Its format.
    pub formato: FileFormat,
    /// Its first byte that is wanted.
    pub offset: u64,
}

impl FileRequest {
    /// Reads `formato` and `offset`. `rilevazione`: the field that names one, and what it names. `None` only where something was noted.
    pub fn parse(
        violations: &mut Violations,
        formato: i32,
        offset: i64,
        (field, rilevazione): (&str, Option<NumeroRilevazione>),
    ) -> Option<Self> {
        const FORMATO: ValueDefect = ValueDefect::new(
            "must be FORMATO_FILE_CSV, FORMATO_FILE_CSV_EXCEL, FORMATO_FILE_XLSX or FORMATO_FILE_PARQUET",
            "deve essere uno dei formati previsti: CSV, CSV per Excel, XLSX, Parquet",
        );
        const OFFSET: ValueDefect =
            ValueDefect::new("must not be negative", "non deve essere negativo");
        const RILEVAZIONE: ValueDefect = ValueDefect::new(
            "must be named with an offset: the latest may be another one by now",
            "deve essere indicata insieme a un offset: l'ultima potrebbe essere cambiata",
        );
        let formato = match FormatoFile::try_from(formato) {
            Ok(FormatoFile::Csv) => Ok(FileFormat::Csv),
            Ok(FormatoFile::CsvExcel) => Ok(FileFormat::CsvExcel),
            Ok(FormatoFile::Xlsx) => Ok(FileFormat::Xlsx),
            Ok(FormatoFile::Parquet) => Ok(FileFormat::Parquet),
            Ok(FormatoFile::Unspecified) | Err(_) => Err(FORMATO),
        };
        let formato = violations.check("formato", formato);
        let from = u64::try_from(offset).map_err(|_| OFFSET);
        let from = violations.check("offset", from);
        if offset > 0 && rilevazione.is_none() {
            violations.check::<()>(field, Err(RILEVAZIONE));
        }
        Some(Self {
            formato: formato?,
            offset: from?,
        })
    }
}

impl From<FilePiece> for PezzoFile {
    fn from(pezzo: FilePiece) -> Self {
        Self {
            // It comes from an i64, and a file of 2^63 bytes is not made in this world's time.
            offset: pezzo.offset.cast_signed(),
            contenuto: pezzo.bytes,
            righe: pezzo.rows_so_far,
        }
    }
}
