//! Time, injected: what is valid "today" must be testable on any day.
//!
//! The day of a grant is the day in Rome: a grant whose last day is 31 December ends at Rome's midnight, which is not
//! UTC's.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Europe::Rome;

/// Tells the time. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        // The one place that may read the clock: everything else is handed a Clock.
        #[allow(clippy::disallowed_methods)]
        Self(Arc::new(Utc::now))
    }

    /// A clock that asks `now`: for tests.
    #[must_use]
    pub fn from_fn(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }

    /// The present day in Rome.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        day_in_rome(self.now())
    }
}

/// The day in Rome at an instant.
#[must_use]
pub fn day_in_rome(istante: DateTime<Utc>) -> NaiveDate {
    istante.with_timezone(&Rome).date_naive()
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate};

    use super::Clock;

    #[test]
    fn the_day_is_romes() {
        // 22:30 UTC of 31 December is 23:30 in Rome; an hour later it is New Year there and not yet in UTC.
        for (instant, day) in [
            ("2026-12-31T22:30:00Z", (2026, 12, 31)),
            ("2026-12-31T23:30:00Z", (2027, 1, 1)),
            ("2026-06-30T22:30:00Z", (2026, 7, 1)),
        ] {
            let now = DateTime::parse_from_rfc3339(instant).unwrap().to_utc();
            let clock = Clock::from_fn(move || now);
            assert_eq!(
                Some(clock.today()),
                NaiveDate::from_ymd_opt(day.0, day.1, day.2)
            );
        }
    }
}
