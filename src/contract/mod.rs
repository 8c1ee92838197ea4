//! The contract.

pub mod flight;
pub mod porta;
pub mod proto;
pub mod vocabulary;
