//! The server of DecreeService whose exports are encoded beforehand (build.rs).
//!
//! The server of the same name in [`crate::contract::proto`] encodes every message by itself; the service does not use it.

#![allow(missing_docs, clippy::all, clippy::pedantic)]

include!(concat!(
    env!("OUT_DIR"),
    "/decree_server/inps.omnia.monitoraggio.v1.rs"
));
