//! The sheet "Informazioni".

use super::{
    parti,
    xml::{self, Dove},
};
use crate::{
    error::{Error, Result},
    files::{Informazioni, Tabella, Tipo},
};

/// The whole sheet: two columns, a bold line before each section.
pub(super) fn foglio(
    tabella: &Tabella,
    informazioni: &Informazioni,
    testuali: u64,
) -> Result<String> {
    let mut foglio = Foglio {
        xml: parti::INIZIO_INFORMAZIONI.as_bytes().to_vec(),
        riga: 0,
    };
    foglio.titolo(tabella.titolo);
    let mut sezione = "";
    for voce in informazioni.voci(tabella) {
        if voce.sezione != sezione {
            sezione = voce.sezione;
            foglio.riga += 1;
            foglio.titolo(intitolata(sezione));
        }
        foglio.voce(voce.nome, voce.tipo, &voce.valore)?;
    }
    if testuali > 0 {
        let nota = format!(
            "Un foglio di calcolo tiene quindici cifre: {testuali} importi che ne hanno di più sono scritti come testo, esatti."
        );
        foglio.voce("cifre", Tipo::Testo, &nota)?;
    }
    foglio.xml.extend_from_slice(b"</sheetData></worksheet>");
    String::from_utf8(foglio.xml).map_err(Error::internal)
}

struct Foglio {
    xml: Vec<u8>,
    riga: u32,
}

impl Foglio {
    fn titolo(&mut self, testo: &str) {
        let riga = self.apri();
        xml::testo(&mut self.xml, a(&riga), testo, Some(parti::GRASSETTO));
        self.xml.extend_from_slice(b"</row>");
    }

    fn voce(&mut self, nome: &str, tipo: Tipo, valore: &str) -> Result<()> {
        let riga = self.apri();
        xml::testo(&mut self.xml, a(&riga), nome, None);
        let dove = Dove {
            colonna: "B",
            riga: &riga,
        };
        match tipo {
            _ if valore.is_empty() => {}
            Tipo::Testo => xml::testo(&mut self.xml, dove, valore, Some(parti::A_CAPO)),
            Tipo::Data => xml::data(&mut self.xml, dove, valore)?,
            Tipo::Numero | Tipo::Sum => {
                xml::numero(&mut self.xml, dove, valore)?;
            }
        }
        self.xml.extend_from_slice(b"</row>");
        Ok(())
    }

    fn apri(&mut self) -> String {
        self.riga += 1;
        let riga = self.riga.to_string();
        self.xml
            .extend_from_slice(format!("<row r=\"{riga}\">").as_bytes());
        riga
    }
}

fn a(riga: &str) -> Dove<'_> {
    Dove { colonna: "A", riga }
}

fn intitolata(sezione: &str) -> &str {
    match sezione {
        "selezione" => "Selezione",
        "rilevazione" => "Rilevazione",
        "totali" => "Totali di controllo",
        "colonne" => "Glossario delle colonne",
        "note" => "Note",
        altra => altra,
    }
}
