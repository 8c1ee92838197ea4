//! OMNIA IS Monitoraggio.

pub mod cli;
pub mod clock;
pub mod error;
pub mod proto;
pub mod rilevazione;
pub mod valori;
