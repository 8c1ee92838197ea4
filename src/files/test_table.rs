//! A small table for the tests of the formats.

use super::{CellType, ColumnVisibility, FileColumn, FileInfo, FileTable};
use crate::rilevazione::list::Rilevazione;

pub(super) static TEST_TABLE: FileTable = FileTable {
    title: "Una prova & altro",
    name: "prova",
    columns: &[
        FileColumn {
            name: "testo",
            column: None,
            cell_type: CellType::Text,
            description: "Un testo.",
        },
        FileColumn {
            name: "giorno",
            column: None,
            cell_type: CellType::Date,
            description: "Un giorno.",
        },
        FileColumn {
            name: "importo",
            column: None,
            cell_type: CellType::Number,
            description: "Un importo, in euro.",
        },
    ],
};

pub(super) fn file_info() -> FileInfo {
    FileInfo {
        selection: vec![("normativa", "A".to_owned())],
        rilevazione: Rilevazione {
            numero: 7,
            data_riferimento: "2023-12-31".parse().unwrap(),
            caricata_il: "2024-01-15T08:30:00.123456Z".parse().unwrap(),
            ritirata_il: None,
        },
        visibility: ColumnVisibility::default(),
        totali: vec![("righe", Some("3".to_owned())), ("importo", None)],
        notes: Vec::new(),
    }
}
