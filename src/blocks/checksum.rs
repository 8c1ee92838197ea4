//! Checksums of stored blocks: made when a block is stored, compared before a byte of it leaves.
//!
//! They are XXH3 of 64 bits: some ten gigabytes a second, where the rows of a block take five times as long to expand. A disk, a
//! cable or a hand that changes a block is found, but for one time in 2^64. Somebody who may write to the database and wants to deceive
//! can write the checksum too: against them stand the database's own privileges, and the audit log.
//!
//! Each is bound to what it is of, and where it belongs ([`BlockPlace`]): a block in the place of another is as wrong as one of other bytes.

use std::hash::Hasher as _;

use chrono::{Datelike as _, NaiveDate};
use twox_hash::XxHash3_64;

use crate::rilevazione::detail::{cursor::Cursor, sums::ControlSums};

/// Where a block belongs.
#[derive(Debug, Clone, Copy)]
pub struct BlockPlace<'a> {
    /// Of which norm.
    pub normativa: &'a str,
    /// The first rilevazione of its series.
    pub dal_rilevazione: i32,
    /// Which of the series: 0, 1, 2…
    pub index: i32,
}

/// A checksum in the making.
pub struct Checksum(XxHash3_64);

impl Checksum {
    /// Of this, at this place.
    #[must_use]
    pub fn of(what: &str, place: BlockPlace<'_>) -> Self {
        Self(XxHash3_64::new())
            .text(what)
            .text(place.normativa)
            .number(place.dal_rilevazione.into())
            .number(place.index.into())
    }

    /// These bytes too, and how many they are: none can move to what comes next.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.write(&(bytes.len() as u64).to_le_bytes());
        self.0.write(bytes);
        self
    }

    /// This text too.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// This number too.
    #[must_use]
    pub fn number(mut self, number: i128) -> Self {
        self.0.write(&number.to_le_bytes());
        self
    }

    /// These texts too, and how many they are.
    #[must_use]
    pub fn texts(self, texts: &[String]) -> Self {
        let counted = self.number(texts.len() as i128);
        texts.iter().fold(counted, |sum, text| sum.text(text))
    }

    fn day(self, day: NaiveDate) -> Self {
        self.number(day.num_days_from_ce().into())
    }

    fn position(self, position: &Cursor) -> Self {
        self.day(position.data_decreto)
            .text(&position.numero_decreto)
            .number(position.id.into())
    }

    /// As it is stored.
    #[must_use]
    pub fn finish(self) -> i64 {
        self.0.finish().cast_signed()
    }
}

/// The checksums of what a block has besides its row, in the order in which they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checksums {
    /// [`codifiche`].
    pub codifiche: i64,
    /// The rows, as they are stored.
    pub rows: i64,
    /// Their natural persons.
    pub rows_persons: i64,
    /// The record batch, as it is stored.
    pub batch: i64,
    /// Its natural persons.
    pub batch_persons: i64,
}

impl Checksums {
    /// As they are stored: that of the row ([`BlockHeader::checksum`]) before them.
    #[must_use]
    pub fn stored(&self, header: i64) -> Vec<i64> {
        vec![
            header,
            self.codifiche,
            self.rows,
            self.rows_persons,
            self.batch,
            self.batch_persons,
        ]
    }

    /// As [`Self::stored`] gave them: that of the row, and these.
    #[must_use]
    pub fn read(stored: &[i64]) -> Option<(i64, Self)> {
        let &[
            header,
            codifiche,
            lotto,
            lotto_persone,
            batch,
            batch_persone,
        ] = stored
        else {
            return None;
        };
        let checksums = Self {
            codifiche,
            rows: lotto,
            rows_persons: lotto_persone,
            batch,
            batch_persons: batch_persone,
        };
        Some((header, checksums))
    }
}

/// What the row of a block says of it.
#[derive(Debug, Clone, Copy)]
pub struct BlockHeader<'a> {
    /// Control totals.
    pub sums: &'a ControlSums,
    /// The key of the first row.
    pub first: &'a Cursor,
    /// The key of the last row.
    pub last: &'a Cursor,
    /// First and last `validita_dal`.
    pub validita_dal: [NaiveDate; 2],
    /// First and last `validita_al`.
    pub validita_al: [NaiveDate; 2],
    /// Benefits.
    pub prestazioni: &'a [String],
    /// Length of the rows.
    pub rows_len: usize,
    /// Natural persons that are masked.
    pub masked: usize,
    /// Length of the body of the record batch.
    pub batch_len: usize,
    /// Of all the rest.
    pub checksums: Checksums,
}

impl BlockHeader<'_> {
    /// Its checksum.
    #[must_use]
    pub fn checksum(&self, place: BlockPlace<'_>) -> i64 {
        let Checksums {
            codifiche,
            rows: lotto,
            rows_persons: lotto_persone,
            batch,
            batch_persons: batch_persone,
        } = self.checksums;
        let [dal_min, dal_max] = self.validita_dal;
        let [al_min, al_max] = self.validita_al;
        let rest = [codifiche, lotto, lotto_persone, batch, batch_persone];
        let sum = Checksum::of("blocco", place)
            .number(self.sums.righe.into())
            .number(self.sums.ore_decretate)
            .number(self.sums.importi_autorizzati)
            .number(self.sums.importi_erogati)
            .position(self.first)
            .position(self.last)
            .day(dal_min)
            .day(dal_max)
            .day(al_min)
            .day(al_max)
            .texts(self.prestazioni)
            .number(self.rows_len as i128)
            .number(self.masked as i128)
            .number(self.batch_len as i128);
        rest.into_iter()
            .fold(sum, |sum, of| sum.number(of.into()))
            .finish()
    }
}

/// Of the codifiche of a block, and how many rows each has.
#[must_use]
pub fn codifiche(place: BlockPlace<'_>, codifiche: &[String], righe: &[i32]) -> i64 {
    let sum = Checksum::of("codifiche", place).texts(codifiche);
    righe
        .iter()
        .fold(sum, |sum, righe| sum.number((*righe).into()))
        .finish()
}

/// Of one run of stored bytes: `what` is the name of its pieces.
#[must_use]
pub fn pieces(place: BlockPlace<'_>, what: &str, bytes: &[u8]) -> i64 {
    Checksum::of(what, place).bytes(bytes).finish()
}

/// Of a stored record batch: the header of its message, and its body.
#[must_use]
pub fn batch(place: BlockPlace<'_>, testata: &[u8], corpo: &[u8]) -> i64 {
    Checksum::of("batch", place)
        .bytes(testata)
        .bytes(corpo)
        .finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLACE: BlockPlace<'static> = BlockPlace {
        normativa: "DL109-2018-ART44",
        dal_rilevazione: 2,
        index: 3,
    };

    proptest! {
        #[test]
        fn every_bit_counts(bytes in prop::collection::vec(any::<u8>(), 1..600), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let mut changed = bytes.clone();
            changed[at.index(bytes.len())] ^= 1 << bit;
            prop_assert_ne!(pieces(PLACE, "lotto", &bytes), pieces(PLACE, "lotto", &changed));
            prop_assert_ne!(pieces(PLACE, "lotto", &bytes), pieces(PLACE, "lotto", &bytes[1..]));
        }
    }

    #[test]
    fn what_and_where() {
        let all = [
            pieces(PLACE, "lotto", b"ab"),
            pieces(PLACE, "lotto_persone", b"ab"),
            pieces(BlockPlace { index: 4, ..PLACE }, "lotto", b"ab"),
            pieces(
                BlockPlace {
                    dal_rilevazione: 3,
                    ..PLACE
                },
                "lotto",
                b"ab",
            ),
            pieces(
                BlockPlace {
                    normativa: "DL109-2018-ART45",
                    ..PLACE
                },
                "lotto",
                b"ab",
            ),
            batch(PLACE, b"a", b"b"),
            batch(PLACE, b"ab", b""),
            codifiche(PLACE, &["ab".to_owned()], &[1]),
            codifiche(PLACE, &["ab".to_owned()], &[2]),
            codifiche(PLACE, &["a".to_owned(), "b".to_owned()], &[1, 1]),
        ];
        let distinct: std::collections::HashSet<i64> = all.into_iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(all[0], pieces(PLACE, "lotto", b"ab"));
    }
}
