//! What can be wrong with a series.

use std::fmt;

use crate::rilevazione::derived::Defect;

/// See [`crate::rilevazione::derived::verify()`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeriesDefect {
    /// There is no such series: the norm is served from its rows.
    Missing,
    /// It was made before there were checksums: the norm is served from its rows.
    NoChecksums,
    /// It has blocks of another number of rows than the settings: the norm is served from its rows.
    OtherBlockSize(i32),
    /// It does not cover the rilevazioni that it should.
    OtherRange,
    /// The row of the series is not what its rows make: its dictionaries, or its checksum.
    OtherDictionaries,
    /// So many blocks are not what the rows say, or are too many or too few. The first is at this place.
    OtherBlocks {
        /// How many.
        count: i64,
        /// The first.
        first: i32,
    },
}

impl fmt::Display for SeriesDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("has no blocks"),
            Self::NoChecksums => f.write_str(
                "has blocks from before there were checksums: it is read from its rows",
            ),
            Self::OtherBlockSize(rows) => write!(
                f,
                "has blocks of {rows} rows, and export.batch_rows is another"
            ),
            Self::OtherRange => f.write_str("does not end where its rows change"),
            Self::OtherDictionaries => f.write_str(
                "has other dictionaries than its rows for its record batches, or another checksum of them",
            ),
            Self::OtherBlocks { count, first } => write!(
                f,
                "{count} blocks are not what the rows say, the first at place {first}"
            ),
        }
    }
}

impl From<SeriesDefect> for Defect {
    fn from(defect: SeriesDefect) -> Self {
        Self::new(defect)
    }
}
