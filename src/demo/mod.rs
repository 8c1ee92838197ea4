//! The demo.

pub mod demo_key;
pub mod esempio;
