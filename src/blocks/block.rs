//! A block: a lotto that is encoded before anybody asks for it, and stored.
//!
//! ```
//! use omnia::{
//!     blocks::{block::BlockBuilder, detail_row::DetailRows},
//!     rilevazione::detail::{page::RowKey, row::{DetailRow, DetailRowError}},
//! };
//!
//! let mut builder = BlockBuilder::default();
//! let row = DetailRow { cf_azienda: "RCCMNL83S18D969H", data_decreto: "2023-03-01", validita_dal: "2023-01-01",
//!     validita_al: "2023-12-31", numero_decreto: "1", ..DetailRow::default() };
//! builder.add(RowKey { data_decreto: "2023-03-01", numero_decreto: "1", id: 1 }, &row, true)?;
//! let block = builder.finish()?.unwrap();
//!
//! let masked = block.rows.expand(None)?;
//! assert_eq!(DetailRows::new(&masked).next().unwrap()?.cf_azienda, "****************");
//! let clear = block.rows.expand(Some(&block.persons))?;
//! assert_eq!(DetailRows::new(&clear).next().unwrap()?, row);
//! # Ok::<(), DetailRowError>(())
//! ```
//!
//! **Masked, and the persons beside.** The stored rows have natural persons masked; their codes stand in a list of their own,
//! each with the place where it belongs ([`super::persons`]). A caller who may see the persons gets the same
//! bytes with the codes written over the masks, and for one who may not the codes do not leave Postgres. Two copies of
//! every row would say the same at twice the room.
//!
//! **Compressed by LZ4.** Rows repeat themselves: 47 bytes each instead of 110. zstd makes 28 bytes of it, and takes several times
//! as long to expand them (`benches/README.md`). Expanding is the greatest single cost of an export, so lz4_flex does it by
//! pointers; each of them is checked (`checked-decode`), and bytes that are not a block's are an error.

use std::{collections::BTreeMap, mem};

use chrono::NaiveDate;

use super::persons::{self, MASK, shorten, unmask};
use crate::rilevazione::detail::{
    cursor::Cursor,
    page::RowKey,
    row::{DetailRow, DetailRowError},
    sums::ControlSums,
};

/// Rows in a block, unless the settings say otherwise: half a megabyte, far below the 4 MiB that gRPC clients take.
pub const ROWS_PER_BLOCK: u32 = 4000;
/// The bytes of a block's rows, compressed, natural persons masked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompressedRows {
    /// Length of the rows.
    pub rows_len: usize,
    /// The rows, by LZ4.
    pub lz4: Vec<u8>,
}

/// What a block holds: by it a reader skips those without a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockContents {
    /// First and last `validita_dal`.
    pub validita_dal: [NaiveDate; 2],
    /// First and last `validita_al`.
    pub validita_al: [NaiveDate; 2],
    /// Rows of each benefit.
    pub prestazioni: BTreeMap<String, i32>,
    /// Rows of each codifica.
    pub codifiche: BTreeMap<String, i32>,
}

/// A run of rows of one norm, in reading order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Over its rows.
    pub sums: ControlSums,
    /// The key of the first row.
    pub first: Cursor,
    /// The key of the last row.
    pub last: Cursor,
    /// What is in it.
    pub contents: BlockContents,
    /// The rows.
    pub rows: CompressedRows,
    /// The natural persons that are masked in the rows, and where.
    pub persons: Vec<u8>,
}

impl CompressedRows {
    /// The rows as they are sent; with the natural persons in clear where these are given.
    ///
    /// # Errors
    /// The bytes are not those of a block.
    pub fn expand(&self, persons: Option<&[u8]>) -> Result<Vec<u8>, DetailRowError> {
        expand(&self.lz4, self.rows_len, persons)
    }
}

/// As [`CompressedRows::expand`], of bytes that are borrowed.
///
/// # Errors
/// The bytes are not those of a block.
pub fn expand(
    lotto: &[u8],
    byte: usize,
    persons: Option<&[u8]>,
) -> Result<Vec<u8>, DetailRowError> {
    let mut righe = lz4_flex::block::decompress(lotto, byte).map_err(|_| DetailRowError)?;
    if righe.len() != byte {
        return Err(DetailRowError);
    }
    let provisional = unmask(&mut righe, persons.unwrap_or_default())?;
    if !provisional.is_empty() {
        shorten(&mut righe, &provisional)?;
    }
    Ok(righe)
}

/// Makes blocks of rows that come in reading order, in clear.
#[derive(Debug, Default)]
pub struct BlockBuilder {
    somme: ControlSums,
    prima: Option<Cursor>,
    /// Its texts are written over, row after row.
    ultima: (String, String, i64),
    validita_dal: DayRange,
    validita_al: DayRange,
    prestazioni: BTreeMap<String, i32>,
    codifiche: BTreeMap<String, i32>,
    byte: Vec<u8>,
    persons: Vec<u8>,
}

impl BlockBuilder {
    /// Adds a row; `persona`: its employer is a natural person.
    ///
    /// # Errors
    /// A value that is not of its column.
    pub fn add(
        &mut self,
        chiave: RowKey<'_>,
        riga: &DetailRow<'_>,
        persona: bool,
    ) -> Result<(), DetailRowError> {
        self.somme.add(riga)?;
        if self.prima.is_none() {
            self.prima = Some(chiave.cursor()?);
        }
        chiave.data_decreto.clone_into(&mut self.ultima.0);
        chiave.numero_decreto.clone_into(&mut self.ultima.1);
        self.ultima.2 = chiave.id;
        self.validita_dal.add(riga.validita_dal);
        self.validita_al.add(riga.validita_al);
        count_row(&mut self.prestazioni, riga.prestazione);
        count_row(&mut self.codifiche, riga.codifica_sistema_unico);
        if persona {
            let masked = DetailRow {
                cf_azienda: MASK,
                ..*riga
            };
            let begin = self.byte.len();
            let place = masked.write(&mut self.byte);
            let from = u32::try_from(place).map_err(|_| DetailRowError)?;
            persons::add(&mut self.persons, from, riga.cf_azienda, place - begin)?;
        } else {
            riga.write(&mut self.byte);
        }
        Ok(())
    }

    /// The block of the rows so far, and from here on another one. `None`: there are none.
    ///
    /// # Errors
    /// A day that is none.
    pub fn finish(&mut self) -> Result<Option<Block>, DetailRowError> {
        let fatto = mem::take(self);
        let Some(prima) = fatto.prima else {
            return Ok(None);
        };
        let (data_decreto, numero_decreto, id) = &fatto.ultima;
        let ultima = RowKey {
            data_decreto,
            numero_decreto,
            id: *id,
        };
        Ok(Some(Block {
            sums: fatto.somme,
            first: prima,
            last: ultima.cursor()?,
            contents: BlockContents {
                validita_dal: fatto.validita_dal.days()?,
                validita_al: fatto.validita_al.days()?,
                prestazioni: fatto.prestazioni,
                codifiche: fatto.codifiche,
            },
            rows: CompressedRows {
                rows_len: fatto.byte.len(),
                lz4: lz4_flex::block::compress(&fatto.byte),
            },
            persons: fatto.persons,
        }))
    }
}

/// The first and the last day so far. ISO texts compare as their days.
#[derive(Debug, Default)]
struct DayRange(Option<[String; 2]>);

impl DayRange {
    fn add(&mut self, giorno: &str) {
        match &mut self.0 {
            None => self.0 = Some([giorno.to_owned(), giorno.to_owned()]),
            Some([primo, _]) if giorno < primo.as_str() => giorno.clone_into(primo),
            Some([_, ultimo]) if giorno > ultimo.as_str() => giorno.clone_into(ultimo),
            Some(_) => {}
        }
    }

    fn days(&self) -> Result<[NaiveDate; 2], DetailRowError> {
        let [primo, ultimo] = self.0.as_ref().ok_or(DetailRowError)?;
        let giorno = |text: &str| text.parse().map_err(|_| DetailRowError);
        Ok([giorno(primo)?, giorno(ultimo)?])
    }
}

fn count_row(righe: &mut BTreeMap<String, i32>, codice: &str) {
    match righe.get_mut(codice) {
        Some(righe) => *righe += 1,
        None => drop(righe.insert(codice.to_owned(), 1)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::blocks::detail_row::DetailRows;

    const PERSONA: &str = "RCCMNL83S18D969H";
    /// A provisional code.
    const PROVVISORIO: &str = "90012340010";

    fn riga<'a>(cf_azienda: &'a str, importi_erogati: &'a str) -> DetailRow<'a> {
        DetailRow {
            prestazione: "CIGS",
            codifica_sistema_unico: "333-145",
            numero_decreto: "145/2023",
            data_decreto: "2023-03-01",
            validita_dal: "2023-01-01",
            validita_al: "2023-12-31",
            cf_azienda,
            importi_erogati,
            ..DetailRow::default()
        }
    }

    fn blocco(righe: &[DetailRow<'_>]) -> Block {
        let mut costruttore = BlockBuilder::default();
        for (id, riga) in (1..).zip(righe) {
            let chiave = RowKey {
                data_decreto: riga.data_decreto,
                numero_decreto: riga.numero_decreto,
                id,
            };
            let persona = riga.cf_azienda.len() == 16 || riga.cf_azienda.starts_with('9');
            costruttore.add(chiave, riga, persona).unwrap();
        }
        let blocco = costruttore.finish().unwrap().unwrap();
        assert_eq!(costruttore.finish().unwrap(), None);
        blocco
    }

    proptest! {
        #[test]
        fn clear_and_masked(
            codes in prop::collection::vec(
                (prop::sample::select(&["00743110157", PERSONA, "RCCMNL83S18D9S9T", PROVVISORIO][..]), 0..40_usize),
                1..50,
            ),
        ) {
            // Rows on both sides of the length that takes two bytes.
            let numeri = "7".repeat(40);
            let righe: Vec<DetailRow> = codes
                .iter()
                .map(|(cf, len)| DetailRow { matricola_azienda: &numeri[..*len], ..riga(cf, "1.05") })
                .collect();
            let blocco = blocco(&righe);
            let (mut clear, mut masked) = (Vec::new(), Vec::new());
            for riga in &righe {
                riga.write(&mut clear);
                let persona = riga.cf_azienda.len() == 16 || riga.cf_azienda == PROVVISORIO;
                let cf_azienda = if persona { MASK } else { riga.cf_azienda };
                DetailRow { cf_azienda, ..*riga }.write(&mut masked);
            }
            prop_assert_eq!(blocco.rows.expand(Some(&blocco.persons)).unwrap(), clear);
            prop_assert_eq!(blocco.rows.expand(None).unwrap(), masked);
            prop_assert_eq!(blocco.sums.righe, i64::try_from(righe.len()).unwrap());
            prop_assert_eq!(blocco.sums.importi_erogati, 105 * i128::from(blocco.sums.righe));
        }
    }

    #[test]
    fn what_is_in_it() {
        let later = DetailRow {
            validita_dal: "2022-12-31",
            validita_al: "2024-02-29",
            codifica_sistema_unico: "712-001",
            data_decreto: "2023-03-02",
            ..riga(PERSONA, "0.00")
        };
        let blocco = blocco(&[riga(PERSONA, "0.00"), riga("00743110157", "0.00"), later]);
        let contenuto = &blocco.contents;
        let days = contenuto.validita_dal.map(|d| d.to_string());
        assert_eq!(days, ["2022-12-31", "2023-01-01"]);
        let days = contenuto.validita_al.map(|d| d.to_string());
        assert_eq!(days, ["2023-12-31", "2024-02-29"]);
        assert_eq!(contenuto.codifiche["333-145"], 2);
        assert_eq!(contenuto.prestazioni["CIGS"], 3);
        assert_eq!((blocco.first.id, blocco.last.id), (1, 3));
        assert_eq!(blocco.last.data_decreto.to_string(), "2023-03-02");
        let rows = blocco.rows.expand(None).unwrap();
        assert_eq!(DetailRows::new(&rows).count(), 3);
    }

    #[test]
    fn what_is_not_a_block_is_an_error() {
        let blocco = blocco(&[riga(PERSONA, "1.00"), riga("00743110157", "2.00")]);
        let CompressedRows {
            rows_len: byte,
            lz4: lotto,
        } = &blocco.rows;
        assert!(expand(lotto, byte + 1, None).is_err());
        assert!(expand(lotto, byte - 1, None).is_err());
        assert!(expand(&lotto[..lotto.len() - 1], *byte, None).is_err());
        let persons = &blocco.persons;
        assert!(expand(lotto, *byte, Some(&persons[..19])).is_err());
        // A code that would be written over something else than a mask.
        let mut moved = persons.clone();
        moved[0] += 1;
        assert!(expand(lotto, *byte, Some(&moved)).is_err());
        moved[3] = 0xff;
        assert!(expand(lotto, *byte, Some(&moved)).is_err());
    }

    #[test]
    fn a_provisional_code_that_is_not_where_it_says_is_an_error() {
        let blocco = blocco(&[riga(PERSONA, "1.00"), riga(PROVVISORIO, "2.00")]);
        let CompressedRows {
            rows_len: byte,
            lz4: lotto,
        } = &blocco.rows;
        let persons = &blocco.persons;
        assert!(expand(lotto, *byte, Some(persons)).is_ok());
        // Its row begins elsewhere: in the middle of it, before it, before everything.
        for inizio in [0, 1, 2, 3, 1000, u16::MAX] {
            let mut moved = persons.clone();
            moved[36..38].copy_from_slice(&u16::to_le_bytes(inizio));
            assert!(expand(lotto, *byte, Some(&moved)).is_err(), "{inizio}");
        }
        // The same place twice.
        let twice = [&persons[20..], &persons[20..]].concat();
        assert!(expand(lotto, *byte, Some(&twice)).is_err());
    }
}
