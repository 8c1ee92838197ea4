//! Record batches that are encoded before anybody asks for them, and stored beside the block of the same rows.
//!
//! ```
//! use omnia::{arrow::conservato::Conservatore, lotto::{blocco::{MASCHERA, espandi}, riga::Riga}};
//!
//! let riga = Riga {
//!     prestazione: "CIGS", codifica_sistema_unico: "333-145", numero_decreto: "1", data_decreto: "2023-03-01",
//!     validita_dal: "2023-01-01", validita_al: "2023-12-31", cf_azienda: "RCCMNL83S18D969H", matricola_azienda: "4901234567",
//!     ore_decretate: "8.00", importi_autorizzati: "100.00", importi_erogati: "99.50",
//! };
//! let mut conservatore = Conservatore::new()?;
//! conservatore.aggiungi(&riga)?;
//! let batch = conservatore.chiudi()?;
//! let masked = espandi(&batch.corpo, batch.byte, None)?;
//! let clear = espandi(&batch.corpo, batch.byte, Some(&batch.persone))?;
//! assert!(masked.windows(16).any(|text| text == MASCHERA.as_bytes()));
//! assert!(clear.windows(16).any(|text| text == b"RCCMNL83S18D969H"));
//! assert_eq!(conservatore.dizionari().prestazioni, ["CIGS"]);
//! # Ok::<(), omnia::error::Error>(())
//! ```
//!
//! The body is kept as the rows of a block are ([`crate::lotto::blocco`]): natural persons masked, their codes in a list beside, all of it
//! in LZ4. The header is the same for both, since a mask is as long as what it hides.
//!
//! A batch has its codes by their places in dictionaries. These belong to the series: every batch of a norm has the same ones, or the first
//! values of them, so that a stream sends them once and then batch after batch.

use arrow_ipc::root_as_message;
use arrow_schema::DataType;

use super::{
    Costruttore, Dizionari,
    codifica::{Codifica, Messaggio},
    schema, tipo,
};
use crate::{
    error::{Error, Result},
    lotto::{
        blocco::{MASCHERA, aggiungi_persona},
        riga::{COLONNE, Riga},
    },
};

const CF_AZIENDA: &str = "cf_azienda";

/// A batch as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conservato {
    /// The header of the message.
    pub testata: Vec<u8>,
    /// Length of the body.
    pub byte: usize,
    /// The body, by LZ4, natural persons masked.
    pub corpo: Vec<u8>,
    /// The natural persons that are masked in the body, and where.
    pub persone: Vec<u8>,
}

/// Makes the batches of a series, one after the other, of rows in clear.
#[derive(Debug)]
pub struct Conservatore {
    costruttore: Costruttore,
    codifica: Codifica,
    /// Bytes of the codici fiscali since the last batch.
    codici: u32,
    /// Where among them those of natural persons are, and what they are.
    persone: Vec<(u32, String)>,
}

impl Conservatore {
    /// For a series without batches.
    ///
    /// # Errors
    /// None that could be caused: a fault of ours.
    pub fn new() -> Result<Self> {
        let schema = schema(|_| true, []);
        let (codifica, _) = Codifica::new(&schema)?;
        Ok(Self {
            costruttore: Costruttore::new(schema),
            codifica,
            codici: 0,
            persone: Vec::new(),
        })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// A value that is not of its column.
    pub fn aggiungi(&mut self, riga: &Riga<'_>) -> Result<()> {
        let cf = riga.cf_azienda;
        if cf.len() == MASCHERA.len() {
            self.persone.push((self.codici, cf.to_owned()));
            self.costruttore.aggiungi(&Riga {
                cf_azienda: MASCHERA,
                ..*riga
            })?;
        } else {
            self.costruttore.aggiungi(riga)?;
        }
        // As many as fit in a column of texts, or the column was refused.
        self.codici += u32::try_from(cf.len()).map_err(Error::internal)?;
        Ok(())
    }

    /// The rows since the last batch.
    ///
    /// # Errors
    /// More than fits in a batch: 2 GiB of text.
    pub fn chiudi(&mut self) -> Result<Conservato> {
        let (_, batch) = self.codifica.batch(&self.costruttore.finisci()?)?;
        let primo = inizio_codici(&batch)?;
        self.codici = 0;
        let mut persone = Vec::new();
        for (at, cf) in self.persone.drain(..) {
            let place = primo.checked_add(at).ok_or_else(senza_codici)?;
            aggiungi_persona(&mut persone, place, &cf);
        }
        Ok(Conservato {
            byte: batch.corpo.len(),
            corpo: lz4_flex::block::compress(&batch.corpo),
            testata: batch.testata,
            persone,
        })
    }

    /// Those of all batches so far.
    #[must_use]
    pub fn dizionari(&self) -> Dizionari {
        self.costruttore.dizionari()
    }
}

/// Where the texts of `cf_azienda` begin in the body of a batch.
fn inizio_codici(batch: &Messaggio) -> Result<u32> {
    let codici = buffer_dei_codici();
    let message = root_as_message(&batch.testata).map_err(|e| Error::internal(e.to_string()))?;
    let buffers = message.header_as_record_batch().and_then(|b| b.buffers());
    let testi = buffers
        .filter(|buffers| buffers.len() > codici)
        .ok_or_else(senza_codici)?
        .get(codici);
    u32::try_from(testi.offset()).map_err(Error::internal)
}

/// Which of the buffers of a batch has the texts of `cf_azienda`. A column has its nulls, then its values; a column of texts the ends
/// of these between them.
fn buffer_dei_codici() -> usize {
    let prima = COLONNE.iter().take_while(|colonna| **colonna != CF_AZIENDA);
    let buffer = prima.map(|colonna| match tipo(colonna) {
        DataType::Utf8 => 3,
        _ => 2,
    });
    buffer.sum::<usize>() + 2
}

fn senza_codici() -> Error {
    Error::internal("a record batch without the column cf_azienda")
}

#[cfg(test)]
mod tests;
