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
pub(super) fn sheet(tabella: &FileTable, informazioni: &FileInfo, testuali: u64) -> Result<String> {
    let mut foglio = InfoSheet {
        xml: parts::INFO_SHEET_START.as_bytes().to_vec(),
        riga: 0,
    };
    foglio.write_title(tabella.title);
    let mut sezione = "";
    for voce in informazioni.entries(tabella) {
        if voce.section != sezione {
            sezione = voce.section;
            foglio.riga += 1;
            foglio.write_title(section_title(sezione));
        }
        foglio.write_entry(voce.name, voce.cell_type, &voce.value)?;
    }
    if testuali > 0 {
        let nota = format!(
            "Un foglio di calcolo tiene quindici cifre: {testuali} importi che ne hanno di più sono scritti come testo, esatti."
        );
        foglio.write_entry("cifre", CellType::Text, &nota)?;
    }
    foglio.xml.extend_from_slice(b"</sheetData></worksheet>");
    String::from_utf8(foglio.xml).map_err(Error::internal)
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

    fn write_entry(&mut self, nome: &str, tipo: CellType, valore: &str) -> Result<()> {
        let riga = self.open_row();
        xml::text_cell(&mut self.xml, column_a(&riga), nome, None);
        let dove = CellRef {
            column: "B",
            row: &riga,
        };
        match tipo {
            _ if valore.is_empty() => {}
            CellType::Text => xml::text_cell(&mut self.xml, dove, valore, Some(parts::WRAPPED)),
            CellType::Date => xml::date_cell(&mut self.xml, dove, valore)?,
            CellType::Number | CellType::Sum => {
                xml::number_cell(&mut self.xml, dove, valore)?;
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

fn section_title(sezione: &str) -> &str {
    match sezione {
        "selezione" => "Selezione",
        "rilevazione" => "Rilevazione",
        "totali" => "Totali di controllo",
        "colonne" => "Glossario delle colonne",
        "note" => "Note",
        altra => altra,
    }
}
