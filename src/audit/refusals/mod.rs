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
//! whoever looks after that program reads what is wrong with it. To check a signature, which that costs, takes some 20 µs (RSA) to
//! 80 µs (P-256): in the order of what any call costs.
//!
//! Everything here is bounded. A caller that comes when [`limiter`] knows as many as it can shares the allowance of all who came
//! too late; a refusal that finds no line free in the [`tally`] is counted with others, by reason.
//!
//! A refusal holds nothing back, so its answer does not wait for its count. A kill loses what was counted since the last RIFIUTI.

mod caller;
mod limiter;
mod record;
mod tally;

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tokio::time::sleep;

use self::{caller::Caller, limiter::Limiter, tally::RefusalTally};
use super::AuditLog;
use crate::{call_record::CallFacts, valori::tax_codes::masked};

/// How much of what is refused has a record of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalLimits {
    /// Of one caller, in a minute.
    pub per_caller: NonZeroU32,
    /// Of all callers together, in a minute: of those with a subject, and again of those without.
    pub all: NonZeroU32,
    /// How often the counts are written.
    pub interval: Duration,
}

/// A call that was not let in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct RefusedCall {
    /// `None`: whose token it is was not known, or there was none.
    subject: Option<Subject>,
    address: Option<IpAddr>,
    reason: Option<String>,
    code: &'static str,
}

/// Who called, as far as a good token says it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Subject {
    issuer: Option<String>,
    name: String,
    purpose: Option<String>,
    jti: Option<String>,
}

impl RefusedCall {
    /// Of what is known of a call; `reason` and `code` are those of its answer.
    pub(super) fn new(fatti: &CallFacts, reason: Option<String>, code: &'static str) -> Self {
        let subject = fatti.soggetto.clone().map(|name| Subject {
            issuer: fatti.emittente.clone(),
            name,
            purpose: fatti.finalita.clone(),
            jti: fatti.jti.clone(),
        });
        Self {
            subject,
            address: fatti.indirizzo,
            reason,
            code,
        }
    }
}

/// Decides how refusals are written down, and counts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Refusals(Arc<RefusalsInner>);

#[derive(Debug)]
struct RefusalsInner {
    audit: AuditLog,
    interval: Duration,
    state: Mutex<RefusalsState>,
}

#[derive(Debug)]
struct RefusalsState {
    /// Of calls without a subject, of which anybody can make any number.
    anonymous: Class,
    /// Of calls with one: a flood of the others leaves their records alone.
    named: Class,
    /// Once the chain is about to end, nothing can be counted any more.
    closed: bool,
}

#[derive(Debug)]
struct Class {
    limiter: Limiter,
    tally: RefusalTally,
}

impl Refusals {
    /// Writes the counts into `audit`.
    #[must_use]
    pub fn new(audit: AuditLog, limits: RefusalLimits) -> Self {
        let class = || Class {
            limiter: Limiter::new(limits, Instant::now()),
            tally: RefusalTally::default(),
        };
        Self(Arc::new(RefusalsInner {
            audit,
            interval: limits.interval,
            state: Mutex::new(RefusalsState {
                anonymous: class(),
                named: class(),
                closed: false,
            }),
        }))
    }

    /// Whether this call is one of many and was counted. `false`: it is to have a record of its own.
    pub(super) fn counts(&self, refusal: RefusedCall, at: DateTime<Utc>) -> bool {
        let mut state = self.state();
        if state.closed {
            return false;
        }
        let class = match refusal.subject {
            Some(_) => &mut state.named,
            None => &mut state.anonymous,
        };
        if class.limiter.admits(Caller::of(&refusal), Instant::now()) {
            return false;
        }
        class.tally.add(refusal, at);
        true
    }

    /// Writes the counts again and again, for as long as it runs.
    pub async fn write_regularly(self) {
        loop {
            sleep(self.0.interval).await;
            // While nothing can be written they go on growing, where there is room for them.
            if self.0.audit.is_writable() {
                self.write(false);
            }
        }
    }

    /// Writes the counts for the last time: what is refused from now on has a record of its own. Before [`AuditLog::close`].
    pub fn close(&self) {
        self.write(true);
    }

    fn write(&self, close: bool) {
        let (mut counts, mut others) = {
            let mut state = self.state();
            state.closed |= close;
            (state.anonymous.tally.take(), state.named.tally.take())
        };
        counts.append(&mut others);
        tell(&counts);
        // In the order of time: a row of the table holds records of one day.
        counts.sort_by_key(|(_, count)| count.last);
        for (line, count) in counts {
            let coda = record::record_tail(&line, count, self.0.audit.key());
            self.0.audit.enqueue(count.last, coda);
        }
    }

    fn state(&self) -> MutexGuard<'_, RefusalsState> {
        // Counts and allowances change one by one: what a panic left behind is still true.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lines of the log for counts, at most: the largest. All of them are in the records.
const TOLD: usize = 10;

/// Says in the log what is not there line by line.
fn tell(counts: &[(tally::TallyLine, tally::Count)]) {
    let mut largest: Vec<_> = counts.iter().collect();
    largest.sort_by_key(|(_, count)| std::cmp::Reverse(count.calls));
    for (line, count) in largest.iter().take(TOLD) {
        tracing::info!(
            address = line.address().as_deref(),
            soggetto = line.subject().map(masked).as_deref(),
            reason = line.reason(),
            calls = count.calls,
            "refused calls were counted, without a line for each"
        );
    }
    if let Some(rest) = largest.get(TOLD..).filter(|rest| !rest.is_empty()) {
        let calls: u64 = rest.iter().map(|(_, count)| count.calls).sum();
        tracing::info!(
            lines = rest.len(),
            calls,
            "more refused calls were counted; the audit log has them by caller and reason"
        );
    }
}
