//! What only the demo needs: a key that signs tokens for any subject ([`demo_key`]), and invented extracts ([`sample`]).

pub mod demo_key;
pub mod sample;
