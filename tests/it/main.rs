//! The tests that need a database or a server. One target, so that they share one throw-away cluster.

// Clippy knows tests by their attribute, and their helpers have none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod banco;
mod postgres;
mod rilevazione;
