//! Digests, keys, and how they are written.

pub(crate) mod hex;
pub mod key;
