//! Decides how each refusal is written down.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tokio::time::sleep;

use super::{
    caller::Caller,
    limiter::Limiter,
    limits::RefusalLimits,
    record,
    refused_call::RefusedCall,
    tally::{Count, RefusalTally, TallyLine},
};
use crate::{audit::log::AuditLog, valori::tax_codes::masked};

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
    pub(in crate::audit) fn counts(&self, refusal: RefusedCall, at: DateTime<Utc>) -> bool {
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
            let tail = record::record_tail(&line, count, self.0.audit.key());
            self.0.audit.enqueue(count.last, tail);
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
fn tell(counts: &[(TallyLine, Count)]) {
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
