//! The audit log: what was asked, by whom, under which grant, and what became of it.
//!
//! ```text
//! catena 3:  ┌ 1 APERTURA ┐   ┌ 2 CHIAMATA mef-rgs-be CountDecrees OK ┐   ┌ 3 INIZIO … ExportDecrees ┐   ┌ 4 …
//!            └ impronta ──┼──►└ impronta = SHA-256(impronta before ‖ record) ─►└ impronta ───────────┼──►
//!                         │
//! once a day: ancora = { heads of all chains }, chained to the ancora before; its impronta goes to the log of the service too
//! ```
//!
//! Four questions, and where they are answered:
//!
//! - *Was every call recorded?* [`AuditLayer`] stands outside the access layer and before every service of the contract: refused calls
//!   are recorded too, those of a flood as counts ([`Refusals`]). No answer leaves before its record is committed; if it cannot be, the call is refused
//!   ([`Reason::AuditUnavailable`](crate::error::Reason::AuditUnavailable)). Health and reflection hold no data and leave no record.
//! - *Was a record changed, removed, added or moved?* [`verify`]: the chain breaks at that place. What the owner of the
//!   database could still do, rewrite everything from one place on, contradicts the next anchor.
//!   What stands before the next anchor is cited by the openings of the chains that come later (`opening.rs`), and chains are
//!   numbered without gaps: a chain that was removed whole is missed, one whose service was killed is not suspected. What is
//!   no more than a clock that was wrong can be acknowledged ([`acknowledge`]).
//! - *Is a person in it?* A codice fiscale is a keyed hash ([`AuditKey`]), of a company too: eleven digits may be a person's
//!   provisional code, which does not show by their form. So it is in every text that a caller writes.
//! - *How long is it kept?* `omnia audit prune` removes what is older than the retention, up to the heads of an anchor: what
//!   is left is still proved by that anchor.
//!
//! Records that were committed together stand in one row of the table (`lotto.rs`), each with its own number and impronta.
//! Several instances write several chains, so none waits for another. The record of a call with one answer is one, written
//! when the answer is ready; a stream has two ([`record::RecordKind`]).

pub mod acknowledge;
mod acknowledgement;
pub mod anchor;
mod body;
mod chain;
mod commit_notice;
pub mod export;
mod hiding;
#[cfg(test)]
mod hiding_tests;
mod layer;
mod log;
mod log_writer;
mod ongoing_call;
mod open_streams;
mod opening;
mod pending_record;
pub mod pruning;
mod pruning_record;
pub mod record;
mod record_group;
mod refusals;
mod settings;
mod stream_end;
pub mod tracing_report;
pub mod verify;
mod withdrawal;

pub use crate::crypto::key::AuditKey;
pub use chain::{ChainDigest, ChainHead};
pub use layer::{AuditLayer, RecordedService};
pub use log::AuditLog;
pub use refusals::{RefusalLimits, Refusals};
pub use settings::AuditSettings;
