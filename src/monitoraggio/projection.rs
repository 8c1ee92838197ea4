//! Whether a cap will be reached: what is known, what is expected, and how wrong each method was.
//!
//! ```text
//! R                      known: competenza of the year ──┐
//!   method ── expected: what decrees to come add ────────┴──► curve by month ──► against the cap: state, and month
//! each earlier P         the same method, from what P knew to the day of R ──► against what R knows: its error
//! ```

use chrono::{Datelike as _, NaiveDate};

use super::{
    accruals::Accruals,
    method::{ExpectedMonths, Horizon, Method},
    ratio::half_even,
};
use crate::valori::Month;

/// Back-tests that a range needs.
const FEWEST_FOR_RANGE: usize = 3;

/// A norm and a benefit as a rilevazione knew them.
#[derive(Debug, Clone)]
pub(super) struct KnownAt {
    pub(super) rilevazione: i32,
    /// Its reference day.
    pub(super) day: NaiveDate,
    pub(super) accruals: Accruals,
}

/// What one method says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Estimate {
    pub(super) method: Method,
    /// By month of competenza.
    pub(super) expected: ExpectedMonths,
    /// From each earlier rilevazione to the day of this one.
    pub(super) back_tests: Vec<BackTest>,
    /// Of years that are closed: from each rilevazione of the year to its end.
    pub(super) closed_years: Vec<BackTest>,
}

/// What a method would have said, and what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BackTest {
    /// When it would have said so.
    pub(super) rilevazione: i32,
    /// The day of that rilevazione.
    pub(super) day: NaiveDate,
    /// Of which year.
    pub(super) year: i32,
    /// The competenza of the year that was known then.
    pub(super) known: i128,
    /// What was expected to come.
    pub(super) expected: i128,
    /// The competenza that is known now.
    pub(super) actual: i128,
}

impl BackTest {
    /// More than came, or less where negative.
    pub(super) fn error(&self) -> i128 {
        self.known + self.expected - self.actual
    }
}

/// All that is said of a year. The last of `history` is the rilevazione that it is seen from, the others are before it, by number.
pub(super) fn estimates(history: &[KnownAt], year: i32, until: Option<NaiveDate>) -> Vec<Estimate> {
    let Some((now, before)) = history.split_last() else {
        return Vec::new();
    };
    let estimate = |method: Method| {
        let horizon = Horizon {
            known: now.day,
            until,
        };
        let expected = method.expected(&now.accruals, horizon, year)?;
        let to_now = |then: &KnownAt| back_test(method, then, now, year, Some(now.day));
        let closed = |then: &KnownAt| {
            let year = then.day.year();
            let over = NaiveDate::from_ymd_opt(year, 12, 31).is_some_and(|end| end <= now.day);
            over.then(|| back_test(method, then, now, year, None))
                .flatten()
        };
        Some(Estimate {
            method,
            expected,
            back_tests: before.iter().filter_map(to_now).collect(),
            closed_years: before.iter().filter_map(closed).collect(),
        })
    };
    Method::ALL.into_iter().filter_map(estimate).collect()
}

fn back_test(
    method: Method,
    then: &KnownAt,
    now: &KnownAt,
    year: i32,
    until: Option<NaiveDate>,
) -> Option<BackTest> {
    let horizon = Horizon {
        known: then.day,
        until,
    };
    let expected = method.expected(&then.accruals, horizon, year)?;
    Some(BackTest {
        rilevazione: then.rilevazione,
        day: then.day,
        year,
        known: then.accruals.year(year)[0],
        expected: expected.iter().sum(),
        actual: now.accruals.year(year)[0],
    })
}

/// The estimate with the smallest error over the back-tests that all have; without any, the first.
pub(super) fn best(estimates: &[Estimate]) -> Option<&Estimate> {
    let all_have = |rilevazione: i32| {
        let has = |estimate: &Estimate| {
            estimate
                .back_tests
                .iter()
                .any(|b| b.rilevazione == rilevazione)
        };
        estimates.iter().all(has)
    };
    let error = |estimate: &&Estimate| -> i128 {
        let common = estimate
            .back_tests
            .iter()
            .filter(|b| all_have(b.rilevazione));
        common.map(|b| b.error().abs()).sum()
    };
    // Of equals the first.
    estimates.iter().min_by_key(error)
}

impl Estimate {
    /// What is expected in all.
    pub(super) fn total(&self) -> i128 {
        self.expected.iter().sum()
    }

    /// The mean of the absolute errors, rounded to the cent; `None`: there is no back-test.
    pub(super) fn mean_error(&self) -> Option<i128> {
        let tests = i128::try_from(self.back_tests.len()).ok()?;
        let sum = self.back_tests.iter().map(|b| b.error().abs()).sum();
        (tests > 0).then(|| half_even(sum, tests))
    }

    /// The least and the most that would be added, had each back-test's part of what was expected come again. `None`: too few back-tests
    /// expected anything.
    pub(super) fn range(&self) -> Option<(i128, i128)> {
        let came = self.back_tests.iter().filter(|b| b.expected > 0).map(|b| {
            let came = b.actual - b.known;
            half_even(self.total().saturating_mul(came), b.expected)
        });
        let came: Vec<i128> = came.collect();
        let (least, most) = (came.iter().min()?, came.iter().max()?);
        (came.len() >= FEWEST_FOR_RANGE).then_some((*least, *most))
    }
}

/// How an amount stands to the cap of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CapState {
    Within,
    ExpectedToBeReached(Month),
    Reached(Month),
    NoCap,
    NotEnoughData,
}

impl CapState {
    /// By month of competenza: what is known, and what is known and expected together.
    pub(super) fn of(
        cap: Option<i128>,
        year: i32,
        known: &[i128; 12],
        with_expected: Option<&[i128; 12]>,
    ) -> Self {
        let Some(cap) = cap else {
            return Self::NoCap;
        };
        if let Some(month) = month_reached(cap, year, known) {
            return Self::Reached(month);
        }
        match with_expected.map(|curve| month_reached(cap, year, curve)) {
            None => Self::NotEnoughData,
            Some(Some(month)) => Self::ExpectedToBeReached(month),
            Some(None) => Self::Within,
        }
    }
}

/// The month with which the cumulated amounts reach the cap. Under a cap of zero any amount has, and none has not.
fn month_reached(cap: i128, year: i32, months: &[i128; 12]) -> Option<Month> {
    let mut sum = 0;
    (0..).zip(months).find_map(|(n, amount)| {
        sum += amount;
        (sum >= cap && sum > 0).then(|| Month::january(year).plus(n))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        Month::parse(text).unwrap()
    }

    /// Decrees of 100.00 each month from January 2024 on, for their own month, as they are known month by month.
    fn constant(months: i32) -> Vec<KnownAt> {
        let mut accruals = Accruals::default();
        (0..months)
            .map(|n| {
                let month = month("2024-01").plus(n);
                accruals.add(month, month, [10_000, 0]);
                KnownAt {
                    rilevazione: n + 1,
                    day: month.last_day(),
                    accruals: accruals.clone(),
                }
            })
            .collect()
    }

    #[test]
    fn a_constant_flow_is_forecast_to_the_cent() {
        let history = constant(18);
        let all = estimates(&history, 2025, None);
        assert_eq!(all.len(), 3);
        for estimate in &all {
            assert_eq!(estimate.total(), 60_000, "{:?}", estimate.method);
            assert!(estimate.back_tests.iter().all(|b| b.error() == 0));
            assert_eq!(estimate.mean_error(), Some(0));
            assert_eq!(estimate.range(), Some((60_000, 60_000)));
            // 2024 is closed; it was forecast from March on, and by the season never.
            let closed = estimate.closed_years.iter().map(|b| (b.year, b.error()));
            assert!(
                closed
                    .clone()
                    .all(|(year, error)| (year, error) == (2024, 0))
            );
        }
        let closed = all.iter().map(|estimate| estimate.closed_years.len());
        assert_eq!(Vec::from_iter(closed), [1, 10, 10]);
        assert_eq!(best(&all).unwrap().method, Method::Seasonal);
    }

    #[test]
    fn after_a_stop_the_short_memory_is_nearer() {
        let mut history = constant(18);
        let last = history[17].accruals.clone();
        // Nothing more after June 2025.
        for n in 18..21 {
            history.push(KnownAt {
                rilevazione: n + 1,
                day: month("2024-01").plus(n).last_day(),
                accruals: last.clone(),
            });
        }
        let all = estimates(&history, 2025, None);
        let best = best(&all).unwrap();
        assert_eq!((best.method, best.total()), (Method::MeanOfThree, 0));
    }

    #[test]
    fn one_rilevazione_has_no_error_and_no_range() {
        let history = constant(12);
        let all = estimates(&history[11..], 2025, None);
        let best = best(&all).unwrap();
        assert_eq!(best.total(), 120_000);
        assert_eq!((best.mean_error(), best.range()), (None, None));
        assert!(estimates(&history[..2], 2024, None).is_empty());
        assert!(estimates(&[], 2024, None).is_empty());
    }

    #[test]
    fn states_and_months() {
        let year = |from: usize| -> [i128; 12] {
            std::array::from_fn(|n| if n >= from { 100 } else { 0 })
        };
        let (known, more) = (year(6), year(0));
        let january = month("2025-01");
        for (cap, with_expected, state) in [
            (None, Some(&more), CapState::NoCap),
            (Some(600), None, CapState::Reached(january.plus(11))),
            (Some(1), None, CapState::Reached(january.plus(6))),
            (Some(601), None, CapState::NotEnoughData),
            (
                Some(1200),
                Some(&more),
                CapState::ExpectedToBeReached(january.plus(11)),
            ),
            (Some(1201), Some(&more), CapState::Within),
            (Some(0), None, CapState::Reached(january.plus(6))),
        ] {
            assert_eq!(
                CapState::of(cap, 2025, &known, with_expected),
                state,
                "{cap:?}"
            );
        }
        // Zero is within a cap of zero.
        let nothing = [0; 12];
        assert_eq!(
            CapState::of(Some(0), 2025, &nothing, Some(&nothing)),
            CapState::Within
        );
    }
}
