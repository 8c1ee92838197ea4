//! A run of rows: what every source of rows gives, and what every format takes.

use bytes::Bytes;

use super::{
    posizione::Posizione,
    riga::{RigaError, Righe},
    somme::Somme,
};
use crate::error::Error;

/// A run of rows.
#[derive(Debug, Clone)]
pub struct Lotto {
    /// The rows, encoded: see [`super::riga`].
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
