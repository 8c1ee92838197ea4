//! OMNIA IS Monitoraggio.

pub mod cli;
pub mod clock;
pub mod config;
pub mod error;
pub mod postgres;
pub mod proto;
pub mod telemetry;
pub mod valori;
