//! One row of the detail as the bytes that travel.
//!
//! ```
//! use omnia::{blocks::detail_row::DetailRows, rilevazione::detail::row::DetailRow};
//!
//! let row = DetailRow { numero_decreto: "145/2023", importi_erogati: "12.50", ..DetailRow::default() };
//! let mut lotto = Vec::new();
//! row.write(&mut lotto);
//! row.write(&mut lotto);
//! let read: Vec<DetailRow> = DetailRows::new(&lotto).collect::<Result<_, _>>()?;
//! assert_eq!(read, [row, row]);
//! # Ok::<(), omnia::rilevazione::detail::row::DetailRowError>(())
//! ```
//!
//! A row is written once, as the field `decreti` of a `LottoExport` (protobuf: tag, length, eleven texts), and is sent, stored
//! and read as that. Runs of rows are joined by joining their bytes. [`DetailRow`] borrows its texts from them: whatever makes
//! another format of a row (CSV, Arrow, …) reads it without a copy.

use prost::encoding::{decode_varint, encode_varint, encoded_len_varint};

pub use crate::rilevazione::detail::row::{DETAIL_COLUMNS, DetailRow, DetailRowError};

/// `LottoExport.decreti`, length-delimited.
const DECRETI: u8 = 1 << 3 | 2;
/// `DettaglioDecreto.cf_azienda`, length-delimited.
const CF_AZIENDA: u8 = 7 << 3 | 2;

impl DetailRow<'_> {
    /// Appends the row, as protobuf wants it: empty texts are left out. Where in `lotto` the text of `cf_azienda` is.
    pub fn write(&self, lotto: &mut Vec<u8>) -> usize {
        let mut cf_azienda = 0;
        let colonne = self.columns();
        let len: usize = colonne
            .iter()
            .filter(|text| !text.is_empty())
            .map(|text| 1 + encoded_len_varint(text.len() as u64) + text.len())
            .sum();
        lotto.push(DECRETI);
        encode_varint(len as u64, lotto);
        for (text, tag) in colonne.iter().zip((1_u8..).map(|field| field << 3 | 2)) {
            if !text.is_empty() {
                lotto.push(tag);
                encode_varint(text.len() as u64, lotto);
                if tag == CF_AZIENDA {
                    cf_azienda = lotto.len();
                }
                lotto.extend_from_slice(text.as_bytes());
            }
        }
        cf_azienda
    }
}

/// Writes a row anew up to the text of its `cf_azienda`, which is `saved` bytes shorter from here on. `row`: what stands there now.
///
/// # Errors
/// It is not that.
pub(super) fn write_shortened(
    row: &[u8],
    saved: usize,
    out: &mut Vec<u8>,
) -> Result<(), DetailRowError> {
    let (&tag, mut rest) = row.split_first().ok_or(DetailRowError)?;
    let len = decode_varint(&mut rest).map_err(|_| DetailRowError)?;
    let (before, [cf_tag, cf_len]) = rest.split_last_chunk().ok_or(DetailRowError)?;
    let shorter = |len: u64| len.checked_sub(saved as u64).ok_or(DetailRowError);
    let text = usize::from(*cf_len);
    // The row holds what stands before the text, and the text.
    if tag != DECRETI || *cf_tag != CF_AZIENDA || len < (rest.len() + text) as u64 {
        return Err(DetailRowError);
    }
    // Columns of their own order, and nothing but columns.
    let mut columns = before;
    while !columns.is_empty() {
        delimited(&mut columns)
            .filter(|(tag, _)| *tag < CF_AZIENDA)
            .ok_or(DetailRowError)?;
    }
    out.push(DECRETI);
    encode_varint(shorter(len)?, out);
    out.extend_from_slice(before);
    out.push(CF_AZIENDA);
    encode_varint(shorter(text as u64)?, out);
    Ok(())
}

/// The rows of a lotto, one after the other. After an error there are no more.
#[derive(Debug, Clone)]
pub struct DetailRows<'a>(&'a [u8]);

impl<'a> DetailRows<'a> {
    /// The rows in these bytes.
    #[must_use]
    pub fn new(lotto: &'a [u8]) -> Self {
        Self(lotto)
    }

    /// The next row as it is encoded, its tag and length included, and its texts.
    pub fn next_with_bytes(&mut self) -> Option<Result<(&'a [u8], DetailRow<'a>), DetailRowError>> {
        if self.0.is_empty() {
            return None;
        }
        let from = self.0;
        let read = delimited(&mut self.0)
            .filter(|(tag, _)| *tag == DECRETI)
            .and_then(|(_, row)| parse_row(row));
        let Some(riga) = read else {
            self.0 = &[];
            return Some(Err(DetailRowError));
        };
        Some(Ok((&from[..from.len() - self.0.len()], riga)))
    }
}

impl<'a> Iterator for DetailRows<'a> {
    type Item = Result<DetailRow<'a>, DetailRowError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.next_with_bytes()?.map(|(_, riga)| riga))
    }
}

fn parse_row(mut row: &[u8]) -> Option<DetailRow<'_>> {
    let mut colonne = [""; 11];
    while !row.is_empty() {
        let (tag, text) = delimited(&mut row)?;
        let field = usize::from(tag >> 3).checked_sub(1)?;
        *colonne.get_mut(field).filter(|_| tag & 7 == 2)? = str::from_utf8(text).ok()?;
    }
    Some(DetailRow::of(colonne))
}

/// Takes a tag of one byte, a length and so many bytes.
fn delimited<'a>(bytes: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&tag, mut rest) = bytes.split_first()?;
    // Nearly every length here is one byte.
    let len = match rest.split_first() {
        Some((&len, after)) if len < 0x80 => {
            rest = after;
            usize::from(len)
        }
        _ => usize::try_from(decode_varint(&mut rest).ok()?).ok()?,
    };
    let (text, rest) = rest.split_at_checked(len)?;
    *bytes = rest;
    Some((tag, text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message as _;

    use super::*;
    use crate::contract::proto::{DettaglioDecreto, LottoExport};

    fn decreto(colonne: &[String]) -> DettaglioDecreto {
        let text = |at: usize| colonne[at].clone();
        DettaglioDecreto {
            prestazione: text(0),
            codifica_sistema_unico: text(1),
            numero_decreto: text(2),
            data_decreto: text(3),
            validita_dal: text(4),
            validita_al: text(5),
            cf_azienda: text(6),
            matricola_azienda: text(7),
            ore_decretate: text(8),
            importi_autorizzati: text(9),
            importi_erogati: text(10),
        }
    }

    proptest! {
        /// prost is the oracle: the same bytes, and read back the same texts.
        #[test]
        fn as_prost_writes_them(
            rows in prop::collection::vec(prop::collection::vec("\\PC{0,40}|[0-9]{120,150}", 11), 0..5)
        ) {
            let mut ours = Vec::new();
            for row in &rows {
                let colonne: Vec<&str> = row.iter().map(String::as_str).collect();
                DetailRow::of(colonne.try_into().unwrap()).write(&mut ours);
            }
            let lotto = LottoExport {
                decreti: rows.iter().map(|row| decreto(row)).collect(),
                resume_token: String::new(),
            };
            prop_assert_eq!(&ours, &lotto.encode_to_vec());
            let read: Vec<Vec<String>> = DetailRows::new(&ours)
                .map(|riga| riga.unwrap().columns().map(str::to_owned).to_vec())
                .collect();
            prop_assert_eq!(read, rows);
        }

        #[test]
        fn garbage_is_an_error_and_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let rows = DetailRows::new(&bytes).count();
            prop_assert!(rows <= bytes.len());
        }
    }
}
