//! The sheet "FileInfo".

use super::{
    parts,
    xml::{self, CellRef},
};
use crate::{
    error::{Error, Result},
    files::{CellType, FileInfo, FileTable},
};

/// The whole sheet: two columns, a bold line before each section.
pub(super) fn sheet(table: &FileTable, info: &FileInfo, text_cells: u64) -> Result<String> {
    let mut sheet = InfoSheet {
        xml: parts::INFO_SHEET_START.as_bytes().to_vec(),
        riga: 0,
    };
    sheet.write_title(table.title);
    let mut section = "";
    for voce in info.entries(table) {
        if voce.section != section {
            section = voce.section;
            sheet.riga += 1;
            sheet.write_title(section_title(section));
        }
        sheet.write_entry(voce.name, voce.cell_type, &voce.value)?;
    }
    if text_cells > 0 {
        let noted = format!(
            "Un foglio di calcolo tiene quindici cifre: {text_cells} importi che ne hanno di più sono scritti come testo, esatti."
        );
        sheet.write_entry("cifre", CellType::Text, &noted)?;
    }
    sheet.xml.extend_from_slice(b"</sheetData></worksheet>");
    String::from_utf8(sheet.xml).map_err(Error::internal)
}

struct InfoSheet {
    xml: Vec<u8>,
    riga: u32,
}

impl InfoSheet {
    fn write_title(&mut self, testo: &str) {
        let riga = self.open_row();
        xml::text_cell(&mut self.xml, column_a(&riga), testo, Some(parts::BOLD));
        self.xml.extend_from_slice(b"</row>");
    }

    fn write_entry(&mut self, nome: &str, tipo: CellType, value: &str) -> Result<()> {
        let riga = self.open_row();
        xml::text_cell(&mut self.xml, column_a(&riga), nome, None);
        let place = CellRef {
            column: "B",
            row: &riga,
        };
        match tipo {
            _ if value.is_empty() => {}
            CellType::Text => xml::text_cell(&mut self.xml, place, value, Some(parts::WRAPPED)),
            CellType::Date => xml::date_cell(&mut self.xml, place, value)?,
            CellType::Number | CellType::Sum | CellType::Count | CellType::Ratio => {
                xml::number_cell(&mut self.xml, place, value)?;
            }
        }
        self.xml.extend_from_slice(b"</row>");
        Ok(())
    }

    fn open_row(&mut self) -> String {
        self.riga += 1;
        let riga = self.riga.to_string();
        self.xml
            .extend_from_slice(format!("<row r=\"{riga}\">").as_bytes());
        riga
    }
}

fn column_a(riga: &str) -> CellRef<'_> {
    CellRef {
        column: "A",
        row: riga,
    }
}

fn section_title(section: &str) -> &str {
    match section {
        "selezione" => "Selezione",
        "rilevazione" => "Rilevazione",
        "totali" => "Totali di controllo",
        "colonne" => "Glossario delle colonne",
        "note" => "Note",
        other => other,
    }
}
