//! A run of rows: what every source of rows gives, and what every format takes.
//!
//! ```text
//! Postgres: rows, or stored blocks ──► RowBatch { bytes of the rows, their sums, where they end } ──► an export, a file, …
//! ```
//!
//! The rows are bytes from the moment they are read ([`detail_row`]); sums are whole hundredths ([`sums`]); the end is the key of
//! the last row ([`cursor`]).

pub mod arrow;
pub mod block;
pub mod checksum;
pub mod detail_row;
pub mod glossary;
pub mod persons;
mod row_batch;
pub mod series;
pub mod stored;

pub use crate::rilevazione::detail::{cursor, page, sums};
pub use row_batch::RowBatch;
