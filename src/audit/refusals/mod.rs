//! Calls that are not let in: the first of each caller have a record each, the rest are counted.
//!
//! ```text
//! refused ─► whose is it?  a subject (the token was good)     ─┐  one of its first in this minute, and of all? ── yes ─► a record, a log line
//!                          an address (it was not): IPv6 /64  ─┘     │ no
//!                                                                   ▼
//!                                            Tally: caller, address, reason ─► how many, from, to ── every half a minute ─► RIFIUTI
//! ```
//!
//! Anybody can make a call that is refused, as often as the network lets them: a record for each would let a stranger fill the
//! database and the log. Yet the log is complete: the records of single calls and the numbers in the RIFIUTI add up to all the calls
//! that were refused.
//!
//! What is decided is only how a refusal is written down. Each call is still examined, and each refusal says its own reason: behind
//! one address there may be a whole ministry, of which one program is out of order. The others come in with their tokens, and
//! the program's operator reads what is wrong with it. To check a signature, which that costs, takes some 20 µs (RSA) to
//! 80 µs (P-256): in the order of what any call costs.
//!
//! Everything here is bounded. A caller that comes when [`limiter`] knows as many as it can shares the allowance of all who came
//! too late; a refusal that finds no line free in the [`tally`] is counted with others, by reason.
//!
//! A refusal holds nothing back, so its answer does not wait for its count. A kill loses what was counted since the last RIFIUTI.

mod caller;
mod count;
mod limiter;
mod limits;
mod record;
mod refused_call;
mod tally;

pub(super) use self::refused_call::RefusedCall;
pub use self::{count::Refusals, limits::RefusalLimits};
