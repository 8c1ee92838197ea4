//! Stored blocks, as they are read: a series, what is known of its blocks, the bytes of one.
//!
//! ```text
//! serie     a row         ──► SeriesRow     checked ──► BlockSeries, and the dictionaries of its batches
//! blocco    its blocks    ──► BlockMeta     checked, in reading order
//! pezzo     one block     ──► FetchedBlock  checked ──► its rows, or its record batch
//! ```
//!
//! Nothing is handed on before its checksum is compared ([`super::checksum`]): what differs is an error with DATA_LOSS. What a caller
//! may see of it is for the reader to say.
//!
//! A rebuild deletes a series and makes another one. A reading that meets this is told that the series is gone: no error.

mod block_meta;
mod fetched_block;
mod series_row;

pub use block_meta::BlockMeta;
pub use fetched_block::{BlockForm, FetchedBlock};
pub use series_row::{BlockSeries, SeriesRow};
