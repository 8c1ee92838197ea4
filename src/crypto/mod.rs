//! Digests and keys.

pub mod key;
