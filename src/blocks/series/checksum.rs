//! The checksum of a series.

use crate::blocks::{
    arrow::BatchDictionaries,
    checksum::{BlockPlace, Checksum},
};

/// The checksum of the row of a series: of which norm, from which rilevazione on, rows of a block, how many blocks, dictionaries. Not of
/// the rilevazione that it ends with: that one is written later, by another load.
#[must_use]
pub fn series_checksum(
    normativa: &str,
    dal_rilevazione: i32,
    righe_per_blocco: i32,
    blocchi: i32,
    dictionaries: &BatchDictionaries,
) -> i64 {
    let place = BlockPlace {
        normativa,
        dal_rilevazione,
        index: blocchi,
    };
    Checksum::of("serie", place)
        .number(righe_per_blocco.into())
        .texts(&dictionaries.prestazioni)
        .texts(&dictionaries.codifiche)
        .finish()
}
