//! A run of rows: what every source of rows gives, and what every format takes.
//!
//! ```text
//! Postgres: rows, or stored blocks ──► Lotto { bytes of the rows, their sums, where they end } ──► an export, a file, …
//! ```
//!
//! The rows are bytes from the moment they are read ([`riga`]); sums are whole hundredths ([`somme`]); the end is the key of
//! the last row ([`posizione`]).

pub mod arrow;
pub mod blocchi;
pub mod blocco;
pub mod checksum;
pub mod glossario;
pub mod pagina;
pub mod persone;
pub mod posizione;
pub mod riga;
pub mod somme;

use bytes::Bytes;

use self::{
    posizione::Posizione,
    riga::{RigaError, Righe},
    somme::Somme,
};
use crate::error::Error;

/// A run of rows.
#[derive(Debug, Clone)]
pub struct Lotto {
    /// The rows, encoded: see [`riga`].
    pub byte: Bytes,
    /// Over these rows.
    pub somme: Somme,
    /// Where the rows end: those after this position are the rest.
    pub fine: Posizione,
}

impl Lotto {
    /// The rows.
    #[must_use]
    pub fn righe(&self) -> Righe<'_> {
        Righe::new(&self.byte)
    }
}

impl From<RigaError> for Error {
    fn from(error: RigaError) -> Self {
        Self::internal(error)
    }
}
