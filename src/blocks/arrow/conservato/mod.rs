//! Record batches that are encoded before anybody asks for them, and stored beside the block of the same rows.
//!
//! ```
//! use omnia::{arrow::conservato::Conservatore, lotto::{persone::MASCHERA, riga::Riga}};
//!
//! let riga = Riga {
//!     prestazione: "CIGS", codifica_sistema_unico: "333-145", numero_decreto: "1", data_decreto: "2023-03-01",
//!     validita_dal: "2023-01-01", validita_al: "2023-12-31", cf_azienda: "RCCMNL83S18D969H", matricola_azienda: "4901234567",
//!     ore_decretate: "8.00", importi_autorizzati: "100.00", importi_erogati: "99.50",
//! };
//! let mut conservatore = Conservatore::new()?;
//! conservatore.aggiungi(&riga, true)?;
//! let batch = conservatore.chiudi()?;
//! let masked = batch.espandi(None)?;
//! let clear = batch.espandi(Some(&batch.persone))?;
//! assert!(masked.windows(16).any(|text| text == MASCHERA.as_bytes()));
//! assert!(clear.windows(16).any(|text| text == b"RCCMNL83S18D969H"));
//! assert_eq!(conservatore.dizionari().prestazioni, ["CIGS"]);
//! # Ok::<(), omnia::error::Error>(())
//! ```
//!
//! The body is kept as the rows of a block are ([`crate::blocks::blocco`]): natural persons masked, their codes in a list beside, all of it
//! in LZ4. The header is the same for both. A provisional code is shorter than its mask: the texts of the column move up and what is left at
//! the end of its buffer is zero, which the format allows.
//!
//! A batch has its codes by their places in dictionaries. These belong to the series: every batch of a norm has the same ones, or the first
//! values of them, so that a stream sends them once and then batch after batch.

use std::ops::Range;

use arrow_ipc::root_as_message;
use arrow_schema::DataType;

use super::{Costruttore, Dizionari, codifica::Codifica, schema, tipo};
use crate::{
    blocks::{
        blocco,
        persone::{self, MASCHERA, Persona},
        riga::{COLONNE, Riga, RigaError},
    },
    error::{Error, Result},
};

const CF_AZIENDA: &str = "cf_azienda";
/// Bytes of the end of a text.
const FINE: usize = size_of::<i32>();

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

impl Conservato {
    /// The body as it is sent; with the natural persons in clear where these are given.
    ///
    /// # Errors
    /// The bytes are not those of a batch.
    pub fn espandi(&self, persone: Option<&[u8]>) -> Result<Vec<u8>> {
        espandi(&self.testata, &self.corpo, self.byte, persone)
    }
}

/// As [`Conservato::espandi`], of bytes that are borrowed.
///
/// # Errors
/// The bytes are not those of a batch.
pub fn espandi(
    testata: &[u8],
    corpo: &[u8],
    byte: usize,
    persone: Option<&[u8]>,
) -> Result<Vec<u8>> {
    let mut corpo = blocco::espandi(corpo, byte, None)?;
    let provisional = persone::scopri(&mut corpo, persone.unwrap_or_default())?;
    if !provisional.is_empty() {
        accorcia(&mut corpo, testata, &provisional)?;
    }
    Ok(corpo)
}

/// Puts provisional codes back: the texts behind each move up, and their ends with them.
fn accorcia(corpo: &mut [u8], testata: &[u8], provisional: &[Persona<'_>]) -> Result<()> {
    let (fini, testi) = (fini(testata)?, testi(testata)?);
    let mut provisional = provisional.iter().peekable();
    let fine = |corpo: &[u8], at: usize| -> Result<usize, RigaError> {
        let bytes = corpo.get(at..).and_then(<[u8]>::first_chunk);
        let fine = i32::from_le_bytes(*bytes.ok_or(RigaError)?);
        let fine = usize::try_from(fine).map_err(|_| RigaError)?;
        Some(testi.start + fine)
            .filter(|fine| *fine <= testi.end)
            .ok_or(RigaError)
    };
    // The first of the ends is the beginning of the first text.
    let mut from = fine(corpo, fini.start)?;
    let mut to = from;
    // Behind the last there may be bytes that fill the buffer, and they are zero.
    for at in (fini.start + FINE..fini.end).step_by(FINE) {
        let end = fine(corpo, at)?;
        if end < from {
            break;
        }
        match provisional.next_if(|persona| persona.place == from) {
            Some(persona) => {
                let text = corpo.get_mut(to..to + persona.codice.len());
                text.ok_or(RigaError)?.copy_from_slice(persona.codice);
                to += persona.codice.len();
            }
            None => {
                if end > corpo.len() {
                    return Err(RigaError.into());
                }
                corpo.copy_within(from..end, to);
                to += end - from;
            }
        }
        from = end;
        let new = i32::try_from(to - testi.start).map_err(Error::internal)?;
        corpo[at..at + FINE].copy_from_slice(&new.to_le_bytes());
    }
    if provisional.peek().is_some() {
        return Err(RigaError.into());
    }
    corpo.get_mut(to..from).ok_or(RigaError)?.fill(0);
    Ok(())
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

    /// Adds a row; `persona`: its employer is a natural person.
    ///
    /// # Errors
    /// A value that is not of its column.
    pub fn aggiungi(&mut self, riga: &Riga<'_>, persona: bool) -> Result<()> {
        let mut cf = riga.cf_azienda;
        if persona {
            self.persone.push((self.codici, cf.to_owned()));
            cf = MASCHERA;
            self.costruttore.aggiungi(&Riga {
                cf_azienda: cf,
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
        let primo = u32::try_from(testi(&batch.testata)?.start).map_err(Error::internal)?;
        self.codici = 0;
        let mut persone = Vec::new();
        for (at, cf) in self.persone.drain(..) {
            let place = primo.checked_add(at).ok_or_else(senza_codici)?;
            persone::aggiungi(&mut persone, place, &cf, 0)?;
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

/// Where in the body of a batch the ends of the texts of `cf_azienda` are, by its header.
fn fini(testata: &[u8]) -> Result<Range<usize>> {
    buffer(testata, buffer_dei_codici() - 1)
}

/// Where the texts are.
fn testi(testata: &[u8]) -> Result<Range<usize>> {
    buffer(testata, buffer_dei_codici())
}

fn buffer(testata: &[u8], quale: usize) -> Result<Range<usize>> {
    let message = root_as_message(testata).map_err(|e| Error::internal(e.to_string()))?;
    let buffers = message.header_as_record_batch().and_then(|b| b.buffers());
    let buffer = buffers
        .filter(|buffers| buffers.len() > quale)
        .ok_or_else(senza_codici)?
        .get(quale);
    let from = usize::try_from(buffer.offset()).map_err(Error::internal)?;
    let len = usize::try_from(buffer.length()).map_err(Error::internal)?;
    let to = from.checked_add(len).ok_or_else(senza_codici)?;
    Ok(from..to)
}

fn senza_codici() -> Error {
    Error::internal("a record batch without the column cf_azienda")
}

#[cfg(test)]
mod tests;
