//! The gate: the decision on a call, and the proof of it.
//!
//! ```text
//! request ─► layer ─► authorizer: token, grant, conditions, policy, quota ─► Abilitazione ─► service ─► Permesso<selection> ─► query
//!               └ request_body: the message itself, where a decision needs it     └ active_streams: decided again while they run
//! ```

pub(crate) mod active_streams;
pub(crate) mod authorizer;
pub(crate) mod layer;
pub(crate) mod not_a_message;
pub(crate) mod permesso;
pub(crate) mod public_streams;
pub(crate) mod request_body;
mod unknown_call;
