//! How much a subject has used of what its grant gives: the quotas.
//!
//! ```text
//! quote of the grant ──┐
//! [quota.profilo.X] ───┼── first that says something ──► Limiti { al_secondo, esportazioni, al_giorno }
//! [quota] ─────────────┘                                    │
//!        call allowed by everything else ──► QuotaUsage::consume ──► counted, or QUOTA_EXCEEDED with the time to wait
//! ```
//!
//! - *Calls a second* (`al_secondo`): the generic cell rate algorithm, with a second's worth of burst, in each instance.
//! - *Streams at once* (`esportazioni`): a place in each instance, held until the stream has ended.
//! - *Calls a day* (`al_giorno`): counted in the database, for all instances together, by the day in Rome. An instance takes calls
//!   in small lots (a thousandth of the quota), so that a call costs no statement; the sum never exceeds the quota. What a
//!   kill leaves unused of a lot is lost to the subject for that day; an orderly stop gives it back.
//!
//! Counted is what passes the checks at the door: what was refused before has used nothing. A proof is spent after the count, so a
//! call that comes twice with one proof is counted twice; and so is one whose filters or norms are refused when its
//! message is read.

mod daily_calls;
mod effective_limits;
mod settings;

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::{InMemoryState, NotKeyed},
};
use sqlx::PgPool;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use self::settings::{ProfiloQuotaSettings, QuotaSettings};
#[cfg(doc)]
use crate::postgres::SideConnections;
use crate::{
    abilitazione::grants::{Aa07, Quote},
    call_record::{CallRecord, QuotaLeft},
    clock::Clock,
    error::{Error, ExhaustedQuota, Result},
    valori::tax_codes::masked,
};
use daily_calls::DailyCalls;
use effective_limits::effective_limits;

/// How soon a place for a stream may be free again. A guess: the end of a stream is not known.
const STREAM_RETRY_AFTER: Duration = Duration::from_secs(5);

/// What all subjects have used. Cheap to clone.
#[derive(Debug, Clone)]
pub struct QuotaUsage(Arc<QuotaUsageInner>);

#[derive(Debug)]
struct QuotaUsageInner {
    quota: QuotaSettings,
    /// Of subjects with a grant only, so there is no bound to set.
    subjects: Mutex<HashMap<String, Arc<SubjectCounters>>>,
    pool: PgPool,
    clock: Clock,
}

/// Calls a second, with what is left of them.
type SecondLimiter = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// What one subject has used under one set of quotas.
#[derive(Debug)]
struct SubjectCounters {
    quote: Quote,
    al_secondo: Option<SecondLimiter>,
    esportazioni: Option<Arc<Semaphore>>,
    al_giorno: Option<DailyCalls>,
}

/// A place for a stream, free again when it is dropped.
#[derive(Debug)]
pub(crate) struct QuotaReservation {
    _permit: Option<OwnedSemaphorePermit>,
}

impl QuotaUsage {
    /// Quotas by `quota` where a grant has none of its own. `pool` may write ([`SideConnections::Quote`]).
    #[must_use]
    pub fn new(quota: QuotaSettings, pool: PgPool, clock: Clock) -> Self {
        Self(Arc::new(QuotaUsageInner {
            quota,
            subjects: Mutex::default(),
            pool,
            clock,
        }))
    }

    /// Counts a call of a grant, and notes what is left. The place of a stream is to be held as long as it runs.
    ///
    /// # Errors
    /// [`Reason::QuotaExceeded`](crate::error::Reason::QuotaExceeded); the database's, where calls a day are counted.
    pub(super) async fn consume(
        &self,
        aa07: &Aa07,
        stream: bool,
        call_record: &CallRecord,
    ) -> Result<QuotaReservation> {
        let mut left = None;
        let counted = self.count(aa07, stream, &mut left).await;
        call_record.note(|facts| facts.quota = left);
        counted
    }

    /// `left`: what is left of the calls of a day, else of a second, also where there was none.
    async fn count(
        &self,
        aa07: &Aa07,
        stream: bool,
        left: &mut Option<QuotaLeft>,
    ) -> Result<QuotaReservation> {
        let counters = self.counters(aa07);
        let soggetto = &aa07.soggetto;
        let permit = match &counters.esportazioni {
            Some(slots) if stream => {
                let permit = Arc::clone(slots).try_acquire_owned().map_err(|_| {
                    exhausted(
                        "esportazioni",
                        counters.quote.esportazioni,
                        soggetto,
                        STREAM_RETRY_AFTER,
                    )
                })?;
                Some(permit)
            }
            _ => None,
        };
        if let Some(limiter) = &counters.al_secondo {
            let quota = counters.quote.al_secondo;
            let checked = limiter.check();
            let (remaining, reset) = match &checked {
                Ok(state) => (state.remaining_burst_capacity(), Duration::from_secs(1)),
                Err(until) => (0, until.wait_time_from(DefaultClock::default().now())),
            };
            *left = quota.map(|limit| QuotaLeft {
                limit: limit.get(),
                remaining,
                reset,
            });
            checked.map_err(|_| exhausted("al_secondo", quota, soggetto, reset))?;
        }
        if let Some(giorno) = &counters.al_giorno {
            let now = self.0.clock.now();
            let (there_was_one, of_day) = giorno.take(&self.0.pool, soggetto, now).await?;
            *left = Some(of_day);
            if !there_was_one {
                let quota = counters.quote.al_giorno;
                return Err(exhausted("al_giorno", quota, soggetto, of_day.reset));
            }
        }
        Ok(QuotaReservation { _permit: permit })
    }

    /// Gives back what was taken for the day and not used.
    pub async fn close(&self) {
        let subjects: Vec<(String, Arc<SubjectCounters>)> = self.lock().drain().collect();
        for (soggetto, counters) in subjects {
            if let Some(giorno) = &counters.al_giorno
                && let Err(error) = giorno.give_back(&self.0.pool, &soggetto).await
            {
                tracing::warn!(soggetto = &*masked(&soggetto), %error, "unused calls of the day cannot be given back");
            }
        }
        self.0.pool.close().await;
    }

    /// The counters of a subject; new ones where its quotas are not what they were.
    fn counters(&self, aa07: &Aa07) -> Arc<SubjectCounters> {
        let quote = effective_limits(&self.0.quota, &aa07.profilo, &aa07.quote);
        let mut subjects = self.lock();
        match subjects.get(&aa07.soggetto) {
            Some(counters) if counters.quote == quote => Arc::clone(counters),
            _ => {
                let counters = Arc::new(SubjectCounters::new(quote));
                subjects.insert(aa07.soggetto.clone(), Arc::clone(&counters));
                counters
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<SubjectCounters>>> {
        // An insertion cannot stop half-way.
        self.0
            .subjects
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl SubjectCounters {
    fn new(quote: Quote) -> Self {
        let slots = |n: NonZeroU32| {
            let n = usize::try_from(n.get()).unwrap_or(Semaphore::MAX_PERMITS);
            Arc::new(Semaphore::new(n.min(Semaphore::MAX_PERMITS)))
        };
        Self {
            quote,
            al_secondo: quote
                .al_secondo
                .map(|n| RateLimiter::direct(Quota::per_second(n)).with_middleware()),
            esportazioni: quote.esportazioni.map(slots),
            al_giorno: quote.al_giorno.map(DailyCalls::new),
        }
    }
}

fn exhausted(
    nome: &'static str,
    quota: Option<NonZeroU32>,
    soggetto: &str,
    retry: Duration,
) -> Error {
    let what = match nome {
        "al_secondo" => "calls a second",
        "esportazioni" => "streams at the same time",
        _ => "calls a day",
    };
    let quota = quota.map_or(0, NonZeroU32::get);
    Error::quota_exhausted(
        nome,
        ExhaustedQuota {
            soggetto: format!("soggetto:{soggetto}"),
            description: format!("{quota} {what}"),
            retry_after: retry,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_a_used_up_quota() {
        let error = exhausted("al_giorno", NonZeroU32::new(7), "x", Duration::from_secs(9));
        assert_eq!(error.metadata, [("quota", "al_giorno".to_owned())]);
        let quota = error.quota.unwrap();
        assert_eq!(quota.soggetto, "soggetto:x");
        assert_eq!(quota.description, "7 calls a day");
        assert_eq!(quota.retry_after, Duration::from_secs(9));
    }
}
