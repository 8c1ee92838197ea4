//! Record batches that are encoded before anybody asks for them, and stored beside the block of the same rows.
//!
//! ```
//! use omnia::{
//!     blocks::{arrow::stored_batch::StoredBatchBuilder, persons::MASK},
//!     rilevazione::detail::row::DetailRow,
//! };
//!
//! let row = DetailRow {
//!     prestazione: "CIGS", codifica_sistema_unico: "333-145", numero_decreto: "1", data_decreto: "2023-03-01",
//!     validita_dal: "2023-01-01", validita_al: "2023-12-31", cf_azienda: "RCCMNL83S18D969H", matricola_azienda: "4901234567",
//!     ore_decretate: "8.00", importi_autorizzati: "100.00", importi_erogati: "99.50",
//! };
//! let mut builder = StoredBatchBuilder::new()?;
//! builder.add(&row, true)?;
//! let batch = builder.finish()?;
//! let masked = batch.expand(None)?;
//! let clear = batch.expand(Some(&batch.persons))?;
//! assert!(masked.windows(16).any(|text| text == MASK.as_bytes()));
//! assert!(clear.windows(16).any(|text| text == b"RCCMNL83S18D969H"));
//! assert_eq!(builder.dictionaries().prestazioni, ["CIGS"]);
//! # Ok::<(), omnia::error::Error>(())
//! ```
//!
//! The body is kept as the rows of a block are ([`crate::blocks::block`]): natural persons masked, their codes in a list beside, all of it
//! in LZ4. The header is the same for both. A provisional code is shorter than its mask: the texts of the column move up and what is left at
//! the end of its buffer is zero, which the format allows.
//!
//! A batch has its codes by their places in dictionaries. These belong to the series: every batch of a norm has the same ones, or the first
//! values of them, so that a stream sends them once and then batch after batch.

use std::ops::Range;

use arrow_ipc::root_as_message;
use arrow_schema::DataType;

use super::{
    ipc::IpcEncoder,
    record_batch::{BatchDictionaries, RecordBatchBuilder},
    schema::{data_type, schema},
};
use crate::{
    blocks::{
        block,
        persons::{self, MASK, MaskedPerson},
    },
    contract::column::Column,
    error::{Error, Result},
    rilevazione::detail::row::{DETAIL_COLUMNS, DetailRow, DetailRowError},
};

/// Bytes of the end of a text.
const OFFSET_BYTES: usize = size_of::<i32>();

/// A batch as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredBatch {
    /// The header of the message.
    pub header: Vec<u8>,
    /// Length of the body.
    pub body_len: usize,
    /// The body, by LZ4, natural persons masked.
    pub body: Vec<u8>,
    /// The natural persons that are masked in the body, and where.
    pub persons: Vec<u8>,
}

impl StoredBatch {
    /// The body as it is sent; with the natural persons in clear where these are given.
    ///
    /// # Errors
    /// The bytes are not those of a batch.
    pub fn expand(&self, persons: Option<&[u8]>) -> Result<Vec<u8>> {
        expand(&self.header, &self.body, self.body_len, persons)
    }
}

/// As [`StoredBatch::expand`], of bytes that are borrowed.
///
/// # Errors
/// The bytes are not those of a batch.
pub fn expand(
    testata: &[u8],
    corpo: &[u8],
    byte: usize,
    persons: Option<&[u8]>,
) -> Result<Vec<u8>> {
    let mut corpo = block::expand(corpo, byte, None)?;
    let provisional = persons::unmask(&mut corpo, persons.unwrap_or_default())?;
    if !provisional.is_empty() {
        shorten(&mut corpo, testata, &provisional)?;
    }
    Ok(corpo)
}

/// Puts provisional codes back: the texts behind each move up, and their ends with them.
fn shorten(corpo: &mut [u8], testata: &[u8], provisional: &[MaskedPerson<'_>]) -> Result<()> {
    let (fini, testi) = (text_ends(testata)?, texts(testata)?);
    let mut provisional = provisional.iter().peekable();
    let fine = |corpo: &[u8], at: usize| -> Result<usize, DetailRowError> {
        let bytes = corpo.get(at..).and_then(<[u8]>::first_chunk);
        let fine = i32::from_le_bytes(*bytes.ok_or(DetailRowError)?);
        let fine = usize::try_from(fine).map_err(|_| DetailRowError)?;
        Some(testi.start + fine)
            .filter(|fine| *fine <= testi.end)
            .ok_or(DetailRowError)
    };
    // The first of the ends is the beginning of the first text.
    let mut from = fine(corpo, fini.start)?;
    let mut to = from;
    // Behind the last there may be bytes that fill the buffer, and they are zero.
    for at in (fini.start + OFFSET_BYTES..fini.end).step_by(OFFSET_BYTES) {
        let end = fine(corpo, at)?;
        if end < from {
            break;
        }
        match provisional.next_if(|persona| persona.place == from) {
            Some(persona) => {
                let text = corpo.get_mut(to..to + persona.code.len());
                text.ok_or(DetailRowError)?.copy_from_slice(persona.code);
                to += persona.code.len();
            }
            None => {
                if end > corpo.len() {
                    return Err(DetailRowError.into());
                }
                corpo.copy_within(from..end, to);
                to += end - from;
            }
        }
        from = end;
        let new = i32::try_from(to - testi.start).map_err(Error::internal)?;
        corpo[at..at + OFFSET_BYTES].copy_from_slice(&new.to_le_bytes());
    }
    if provisional.peek().is_some() {
        return Err(DetailRowError.into());
    }
    corpo.get_mut(to..from).ok_or(DetailRowError)?.fill(0);
    Ok(())
}

/// Makes the batches of a series, one after the other, of rows in clear.
#[derive(Debug)]
pub struct StoredBatchBuilder {
    costruttore: RecordBatchBuilder,
    codifica: IpcEncoder,
    /// Bytes of the codici fiscali since the last batch.
    codici: u32,
    /// Where among them those of natural persons are, and what they are.
    persons: Vec<(u32, String)>,
}

impl StoredBatchBuilder {
    /// For a series without batches.
    ///
    /// # Errors
    /// None that could be caused: a fault of ours.
    pub fn new() -> Result<Self> {
        let schema = schema(|_| true, []);
        let (codifica, _) = IpcEncoder::new(&schema)?;
        Ok(Self {
            costruttore: RecordBatchBuilder::new(schema),
            codifica,
            codici: 0,
            persons: Vec::new(),
        })
    }

    /// Adds a row; `persona`: its employer is a natural person.
    ///
    /// # Errors
    /// A value that is not of its column.
    pub fn add(&mut self, riga: &DetailRow<'_>, persona: bool) -> Result<()> {
        let mut cf = riga.cf_azienda;
        if persona {
            self.persons.push((self.codici, cf.to_owned()));
            cf = MASK;
            self.costruttore.add(&DetailRow {
                cf_azienda: cf,
                ..*riga
            })?;
        } else {
            self.costruttore.add(riga)?;
        }
        // As many as fit in a column of texts, or the column was refused.
        self.codici += u32::try_from(cf.len()).map_err(Error::internal)?;
        Ok(())
    }

    /// The rows since the last batch.
    ///
    /// # Errors
    /// More than fits in a batch: 2 GiB of text.
    pub fn finish(&mut self) -> Result<StoredBatch> {
        let (_, batch) = self.codifica.batch(&self.costruttore.finish()?)?;
        let primo = u32::try_from(texts(&batch.header)?.start).map_err(Error::internal)?;
        self.codici = 0;
        let mut persons = Vec::new();
        for (at, cf) in self.persons.drain(..) {
            let place = primo.checked_add(at).ok_or_else(no_codes)?;
            persons::add(&mut persons, place, &cf, 0)?;
        }
        Ok(StoredBatch {
            body_len: batch.body.len(),
            body: lz4_flex::block::compress(&batch.body),
            header: batch.header,
            persons,
        })
    }

    /// Those of all batches so far.
    #[must_use]
    pub fn dictionaries(&self) -> BatchDictionaries {
        self.costruttore.dictionaries()
    }
}

/// Which of the buffers of a batch has the texts of `cf_azienda`. A column has its nulls, then its values; a column of texts the ends
/// of these between them.
fn codes_buffer() -> usize {
    let prima = DETAIL_COLUMNS
        .iter()
        .take_while(|column| **column != Column::CfAzienda);
    let buffer = prima.map(|column| match data_type(*column) {
        DataType::Utf8 => 3,
        _ => 2,
    });
    buffer.sum::<usize>() + 2
}

/// Where in the body of a batch the ends of the texts of `cf_azienda` are, by its header.
fn text_ends(testata: &[u8]) -> Result<Range<usize>> {
    buffer(testata, codes_buffer() - 1)
}

/// Where the texts are.
fn texts(testata: &[u8]) -> Result<Range<usize>> {
    buffer(testata, codes_buffer())
}

fn buffer(testata: &[u8], quale: usize) -> Result<Range<usize>> {
    let message = root_as_message(testata).map_err(|e| Error::internal(e.to_string()))?;
    let buffers = message.header_as_record_batch().and_then(|b| b.buffers());
    let buffer = buffers
        .filter(|buffers| buffers.len() > quale)
        .ok_or_else(no_codes)?
        .get(quale);
    let from = usize::try_from(buffer.offset()).map_err(Error::internal)?;
    let len = usize::try_from(buffer.length()).map_err(Error::internal)?;
    let to = from.checked_add(len).ok_or_else(no_codes)?;
    Ok(from..to)
}

fn no_codes() -> Error {
    Error::internal("a record batch without the column cf_azienda")
}

#[cfg(test)]
mod tests;
