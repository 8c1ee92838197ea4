//! Whether the log is as it was written, and where it is not.
//!
//! Each chain is read from its beginning, or from the anchor that it was pruned to. A record is checked against what stands
//! before it in the table, so that one change is told of at its place and does not drag along all that follows.
//!
//! A chain that an anchor or the opening of a later chain names must be there: pruning keeps its row. So must a chain whose number was given out
//! ([`super::opening`]). Numbers from before that rule are another matter: a gap among them is a hint and no proof, for a number was skipped
//! too where the opening of a chain failed or Postgres was killed.
//!
//! What a wrong clock has left, and somebody has looked at, is told apart from the rest ([`VerificationOutcome`]).

mod acknowledged;
mod anchors;
mod chain;
mod clocks;
mod openings;
mod prunings;
mod verification;
mod whole_log;

pub use self::{
    anchors::ClockFault,
    clocks::clock_faults,
    verification::{Acknowledged, LogFault, Verification, VerificationOutcome, VerifiedPruning},
    whole_log::verify,
};
#[cfg(doc)]
use super::opening;
