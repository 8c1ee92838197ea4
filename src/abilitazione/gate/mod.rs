//! The gate.

pub(crate) mod arrivo;
pub(crate) mod correnti;
pub(crate) mod guardia;
pub(crate) mod layer;
pub(crate) mod liberi;
pub(crate) mod permesso;
