//! What connections may take, before a call comes on them: how many there are, how long they may say nothing.
//!
//! ```text
//! accept ─► Connections::admit ─► Slot ─► (TLS) ─► Guarded ─────────────────────────► HTTP/2, HTTP/1.1
//!              │ too many                            │ neither begins in time ─► closed
//!              ├─ one without a call makes room      └ takes no byte of what is written ─► closed
//!              └─ all of them work: the new one is closed
//! ```
//!
//! One address never has all the places, nor does a silent client keep one. Who stands behind a trusted proxy shares the
//! proxy's address with everybody else, so that proxies are bound by the number of all connections only. An IPv6 client has a
//! whole /64 to call from, and counts as one address.
//!
//! Each connection is an open file. [`files`] asks the system for as many as it gives, and bounds the connections by what it got.

pub mod bounded_read;
pub mod calls;
pub(crate) mod coalescing_io;
pub mod connection;
pub mod connection_io;
pub mod file_watcher;
pub mod files;
mod guard;
mod http1;
#[cfg(test)]
pub(crate) mod hung_disk;
mod limits;
pub mod reloader;
pub mod serve;
mod served_body;
mod settings;
mod stall_timer;
pub mod tls;
pub mod web;

pub use self::{
    guard::Guarded,
    limits::{ConnectionLimits, OpenConnections, Slot, network},
    settings::ServerSettings,
};
