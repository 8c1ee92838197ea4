//! The contract: what the protos say, as Rust.
//!
//! ```text
//! proto/**.proto ─► build.rs ─┬─► proto        messages, clients, servers
//!                             └─► descriptor set ─┬─► vocabulary   the words that the policy may use
//!                                                 └─► reflection
//! a path ─► route ─► public, a call of the contract, or nowhere
//! ```
//!
//! It knows nothing of how a call is served.

pub mod column;
pub mod flight;
pub mod http_call;
pub mod http_status;
pub mod proto;
pub mod route;
pub mod vocabulary;
