//! OMNIA IS Monitoraggio.

pub mod abilitazione;
pub mod cli;
pub mod clock;
pub mod config;
pub mod decreto;
pub mod error;
pub mod postgres;
pub mod proto;
pub mod report;
pub mod rilevazione;
pub mod rpc;
pub mod telemetry;
pub mod valori;
