//! Keys and digests.

pub mod chiave;
