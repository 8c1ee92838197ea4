//! A run of rows: what every source of rows gives, and what every format takes.
//!
//! ```text
//! Postgres: rows, or stored blocks ──► Lotto { bytes of the rows, their sums, where they end } ──► an export, a file, …
//! ```
//!
//! The rows are bytes from the moment they are read ([`detail_row`]); sums are whole hundredths ([`sums`]); the end is the key of
//! the last row ([`cursor`]).

pub mod arrow;
pub mod block;
pub mod checksum;
pub mod cursor;
pub mod detail_row;
pub mod glossary;
pub mod page;
pub mod persons;
pub mod series;
pub mod sums;

use bytes::Bytes;

use self::{
    cursor::Cursor,
    detail_row::{DetailRowError, DetailRows},
    sums::ControlSums,
};
use crate::error::Error;

/// A run of rows.
#[derive(Debug, Clone)]
pub struct RowBatch {
    /// The rows, encoded: see [`detail_row`].
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

impl From<DetailRowError> for Error {
    fn from(error: DetailRowError) -> Self {
        Self::internal(error)
    }
}
