//! A run of rows.

use bytes::Bytes;

use super::{cursor::Cursor, detail_row::DetailRows, sums::ControlSums};

/// A run of rows.
#[derive(Debug, Clone)]
pub struct RowBatch {
    /// The rows, encoded: see [`super::detail_row`].
    pub bytes: Bytes,
    /// Over these rows.
    pub sums: ControlSums,
    /// Where the rows end: those after this position are the rest.
    pub end: Cursor,
}

impl RowBatch {
    /// The rows.
    #[must_use]
    pub fn rows(&self) -> DetailRows<'_> {
        DetailRows::new(&self.bytes)
    }
}
