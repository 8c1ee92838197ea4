//! The blocks of a norm ([`crate::blocks::block`]), made from its rows; and the record batches of the same rows
//! ([`crate::blocks::arrow::stored_batch`]).
//!
//! A load makes those of the norms that it changed, in its own transaction: a rilevazione that can be seen has its blocks. They
//! are derived from the rows and from nothing else, so `omnia derived rebuild` makes the same ones at any time.
//!
//! ```text
//! rows of a norm, in reading order ── page ──► SeriesEncoder (a task) ── some blocks ──► tables blocco, pezzo
//!                                          while a page is encoded, Postgres makes the next one
//! ```
//!
//! A block and its batch are of the same rows, and are stored, checked and read together: they are one derivation, [`DerivedBlocks`].
//! Each has its checksums ([`crate::blocks::checksum`]), and so has the row of their series ([`series_checksum`]).

mod checksum;
mod compare;
mod defect;
mod derivation;
mod encoder;
mod sink;
mod write;

pub use self::{checksum::series_checksum, defect::SeriesDefect, derivation::DerivedBlocks};
