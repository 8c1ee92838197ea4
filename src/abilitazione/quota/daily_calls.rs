//! Calls a day, counted for all instances together.

use std::{
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Europe::Rome;
use sqlx::PgPool;

use crate::{
    call_record::QuotaLeft,
    clock::day_in_rome,
    error::{Error, Reason, Result},
};

/// The largest lot.
const MAX_LOT: u32 = 1000;

/// What an instance has of a subject's calls of a day.
#[derive(Debug)]
pub(super) struct DailyCalls {
    limit: NonZeroU32,
    reserved: Mutex<ReservedCalls>,
    /// One takes a lot, the others wait for it.
    handle: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone, Copy, Default)]
struct ReservedCalls {
    giorno: NaiveDate,
    chiamate: u32,
    /// What nobody had taken of the quota when these were.
    rest: u32,
    /// When the day ends. Kept, because every call is told how far that is.
    end: DateTime<Utc>,
}

/// Rome's midnight after a day.
fn end_of(giorno: NaiveDate) -> Option<DateTime<Utc>> {
    let midnight = (giorno + Days::new(1)).and_hms_opt(0, 0, 0)?;
    // The clock changes at two and at three, never at midnight.
    let midnight = Rome.from_local_datetime(&midnight).earliest()?;
    Some(midnight.to_utc())
}

impl DailyCalls {
    pub(super) fn new(limit: NonZeroU32) -> Self {
        Self {
            limit,
            reserved: Mutex::default(),
            handle: tokio::sync::Mutex::default(),
        }
    }

    /// Uses one call of the day: whether there was one, and what is left as far as this instance knows.
    pub(super) async fn take(
        &self,
        pool: &PgPool,
        soggetto: &str,
        now: DateTime<Utc>,
    ) -> Result<(bool, QuotaLeft)> {
        let oggi = day_in_rome(now);
        if let Some(left) = self.use_one(oggi, now) {
            return Ok((true, left));
        }
        let _one = self.handle.lock().await;
        // The one before may have taken enough for both.
        if let Some(left) = self.use_one(oggi, now) {
            return Ok((true, left));
        }
        let lotto = (self.limit.get() / 1000).clamp(1, MAX_LOT);
        let (taken, by_all) = reserve(pool, soggetto, oggi, lotto, self.limit.get()).await?;
        // One lock for both: nobody else uses the call that this one took.
        let mut reserved = self.lock();
        *reserved = ReservedCalls {
            giorno: oggi,
            chiamate: taken,
            rest: self.limit.get().saturating_sub(by_all),
            end: end_of(oggi).unwrap_or(now),
        };
        let used = reserved.use_one(oggi);
        let left = self.left(used.unwrap_or(0), reserved.end - now);
        Ok((used.is_some(), left))
    }

    fn use_one(&self, oggi: NaiveDate, now: DateTime<Utc>) -> Option<QuotaLeft> {
        let mut reserved = self.lock();
        let remaining = reserved.use_one(oggi)?;
        Some(self.left(remaining, reserved.end - now))
    }

    fn left(&self, remaining: u32, reset: TimeDelta) -> QuotaLeft {
        QuotaLeft {
            limit: self.limit.get(),
            remaining,
            // A day that has just ended has begun again.
            reset: reset.to_std().unwrap_or_default(),
        }
    }

    /// Gives back what is left.
    pub(super) async fn give_back(&self, pool: &PgPool, soggetto: &str) -> Result<(), sqlx::Error> {
        let reserved = std::mem::take(&mut *self.lock());
        if reserved.chiamate == 0 {
            return Ok(());
        }
        sqlx::query(
            "update consumo set chiamate = chiamate - $3 where soggetto = $1 and giorno = $2",
        )
        .bind(soggetto)
        .bind(reserved.giorno)
        .bind(i64::from(reserved.chiamate))
        .execute(pool)
        .await
        .map(drop)
    }

    fn lock(&self) -> MutexGuard<'_, ReservedCalls> {
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReservedCalls {
    fn use_one(&mut self, oggi: NaiveDate) -> Option<u32> {
        if self.giorno != oggi || self.chiamate == 0 {
            return None;
        }
        self.chiamate -= 1;
        Some(self.chiamate.saturating_add(self.rest))
    }
}

/// Takes up to `lotto` calls; how many there were, and how many all instances have taken of the day.
async fn reserve(
    pool: &PgPool,
    soggetto: &str,
    giorno: NaiveDate,
    lotto: u32,
    limit: u32,
) -> Result<(u32, u32)> {
    let taken: Option<(i64, i64)> = sqlx::query_as(
        "insert into consumo as c (soggetto, giorno, chiamate, ultimo_lotto)
         values ($1, $2, least($3, $4), least($3, $4))
         on conflict (soggetto, giorno) do update
             set chiamate = c.chiamate + least($3, $4 - c.chiamate), ultimo_lotto = least($3, $4 - c.chiamate)
             where c.chiamate < $4
         returning ultimo_lotto, chiamate",
    )
    .bind(soggetto)
    .bind(giorno)
    .bind(i64::from(lotto))
    .bind(i64::from(limit))
    .fetch_optional(pool)
    .await
    .map_err(|error| {
        Error::new(
            Reason::DatabaseUnavailable,
            "the calls of the day cannot be counted; try again",
        )
        .caused_by(error)
    })?;
    let (taken, by_all) = taken.unwrap_or((0, i64::from(limit)));
    let number = |calls| u32::try_from(calls).map_err(Error::internal);
    Ok((number(taken)?, number(by_all)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_ends_at_romes_midnight_and_may_have_23_hours() {
        for (now, day, minutes) in [
            ("2026-11-25T22:30:00Z", "2026-11-25", 30),
            ("2026-11-25T23:00:00Z", "2026-11-26", 24 * 60),
            ("2026-03-28T23:00:00Z", "2026-03-29", 23 * 60),
            ("2026-10-24T22:00:00Z", "2026-10-25", 25 * 60),
        ] {
            let now: DateTime<Utc> = now.parse().unwrap();
            let oggi = day_in_rome(now);
            assert_eq!(oggi.to_string(), day);
            let left = end_of(oggi).unwrap() - now;
            assert_eq!(left, TimeDelta::minutes(minutes), "{now}");
        }
    }

    #[test]
    fn what_was_taken_for_one_day_is_not_of_another() {
        let giorno: NaiveDate = "2026-11-25".parse().unwrap();
        let mut reserved = ReservedCalls {
            giorno,
            chiamate: 1,
            rest: 7,
            end: DateTime::default(),
        };
        assert_eq!(reserved.use_one(giorno + Days::new(1)), None);
        assert_eq!(reserved.use_one(giorno), Some(7));
        assert_eq!(reserved.use_one(giorno), None);
    }
}
