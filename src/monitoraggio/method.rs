//! How the decrees that are yet to be dated are expected.
//!
//! Every method looks at months of decrees that are whole and known, and says: the decrees of a month to come will put into the months
//! around it what those did, shifted. So one look gives the flow of decrees and how they spread at once. Decrees of three known months put,
//! in euro, into the months around them:
//!
//! | dated | the month before | the same month | the month after |
//! | --- | --- | --- | --- |
//! | May | 0.00 | 60.00 | 30.00 |
//! | June | 30.00 | 60.00 | 0.00 |
//! | July | 0.00 | 90.00 | 30.00 |
//!
//! The mean of the three says that decrees of August put 10.00 into July, 70.00 into August and 20.00 into September.
//!
//! A month that is known in part is expected for the days that are left. Each expectation of a month of decrees for a month of competenza is
//! rounded to the cent, half to even: then they are added up. No float is in it.

use chrono::NaiveDate;

use super::{accruals::Accruals, ratio::half_even};
use crate::valori::Month;

/// Months of decrees that a mean needs.
const FEWEST: i32 = 3;
const YEAR: i32 = 12;
/// No decree is expected later than so many months after the year: the world would have to be centuries old.
const LATEST: i32 = 120;

/// A method, by its name in the contract. The proto explains each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// The same month of the year before.
    Seasonal,
    /// The mean of the last twelve months.
    MeanOfTwelve,
    /// The mean of the last three.
    MeanOfThree,
}

/// What is expected of decrees that are yet to be dated, by month of competenza of a year: authorised, in cents.
pub(super) type ExpectedMonths = [i128; 12];

/// From when until when decrees are expected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Horizon {
    /// What is dated up to this day is known.
    pub(super) known: NaiveDate,
    /// What is dated after this day is not asked for; `None`: nothing is left out.
    pub(super) until: Option<NaiveDate>,
}

impl Method {
    /// All of them. Where two are as good, the first is taken: that which looks farthest back, for a season that has not come yet shows in no
    /// error.
    pub(super) const ALL: [Self; 3] = [Self::Seasonal, Self::MeanOfTwelve, Self::MeanOfThree];

    /// What is expected for a year. `None`: too few months are known.
    pub(super) fn expected(
        self,
        accruals: &Accruals,
        horizon: Horizon,
        year: i32,
    ) -> Option<ExpectedMonths> {
        let last = last_whole_month(horizon.known);
        let sample = self.sample(accruals, last)?;
        let january = Month::january(year);
        let end = january.plus(YEAR - 1 + accruals.latest_arrival().min(LATEST));
        let end = horizon.until.map_or(end, |until| end.min(Month::of(until)));
        let mut expected = ExpectedMonths::default();
        let mut dated = last.plus(1);
        while dated <= end {
            let part = part_to_come(dated, horizon);
            let like: Vec<Month> = match self {
                // The latest that is known of the same month of the calendar.
                Self::Seasonal => {
                    let years = (dated.since(last) + YEAR - 1) / YEAR;
                    vec![dated.plus(-YEAR * years)]
                }
                Self::MeanOfTwelve | Self::MeanOfThree => sample.clone(),
            };
            for (n, expected) in (0..).zip(&mut expected) {
                let month = january.plus(n);
                let shares = like.iter().map(|cohort| {
                    let shifted = month.plus(cohort.since(dated));
                    accruals.share(*cohort, shifted)[0]
                });
                let months = i128::try_from(like.len()).unwrap_or(1);
                *expected += half_even(shares.sum::<i128>() * part.0, months * part.1);
            }
            dated = dated.plus(1);
        }
        Some(expected)
    }

    /// The whole months of decrees that it looks at.
    fn sample(self, accruals: &Accruals, last: Month) -> Option<Vec<Month>> {
        let known = last.since(accruals.first()?) + 1;
        let months = match self {
            Self::MeanOfTwelve => known.min(YEAR),
            Self::MeanOfThree => known.min(FEWEST),
            Self::Seasonal => YEAR,
        };
        let enough = match self {
            Self::Seasonal => known >= YEAR,
            Self::MeanOfTwelve | Self::MeanOfThree => months >= FEWEST,
        };
        enough.then(|| (0..months).map(|n| last.plus(-n)).collect())
    }
}

/// The last month all of whose decrees are known by a day.
fn last_whole_month(known: NaiveDate) -> Month {
    let month = Month::of(known);
    if month.last_day() == known {
        month
    } else {
        month.plus(-1)
    }
}

/// Which part of a month's days is still to come, and asked for: as a fraction.
fn part_to_come(month: Month, horizon: Horizon) -> (i128, i128) {
    let days = (month.last_day() - month.first_day()).num_days() + 1;
    let before = |day: NaiveDate| ((day - month.first_day()).num_days() + 1).clamp(0, days);
    let known = before(horizon.known);
    let asked = horizon.until.map_or(days, before);
    (i128::from((asked - known).max(0)), i128::from(days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::valori::parse_date;

    fn month(text: &str) -> Month {
        Month::parse(text).unwrap()
    }

    fn horizon(known: &str, until: Option<&str>) -> Horizon {
        Horizon {
            known: parse_date(known).unwrap(),
            until: until.map(|day| parse_date(day).unwrap()),
        }
    }

    /// The example of the module.
    fn example() -> Accruals {
        let mut accruals = Accruals::default();
        for (dated, month_of, cents) in [
            ("2025-05", "2025-05", 6000),
            ("2025-05", "2025-06", 3000),
            ("2025-06", "2025-05", 3000),
            ("2025-06", "2025-06", 6000),
            ("2025-07", "2025-07", 9000),
            ("2025-07", "2025-08", 3000),
        ] {
            accruals.add(month(dated), month(month_of), [cents, 0]);
        }
        accruals
    }

    #[test]
    fn a_mean_shifts_what_is_known() {
        let accruals = example();
        let august = horizon("2025-07-31", Some("2025-08-31"));
        let expected = Method::MeanOfThree
            .expected(&accruals, august, 2025)
            .unwrap();
        assert_eq!(expected[6..9], [1000, 7000, 2000]);
        assert_eq!(expected.iter().sum::<i128>(), 10_000);
        // Half of the month is known: the other half is expected.
        let half = horizon("2025-08-15", Some("2025-08-31"));
        let expected = Method::MeanOfThree.expected(&accruals, half, 2025).unwrap();
        // 16 of 31 days: 70.00 × 16 ÷ 31 = 36.129…
        assert_eq!(expected[7], 3613);
        // To the end: those of January put 10.00 into December.
        let all = Method::MeanOfThree.expected(&accruals, horizon("2025-07-31", None), 2025);
        assert_eq!(
            all.unwrap(),
            [0, 0, 0, 0, 0, 0, 1000, 8000, 10_000, 10_000, 10_000, 10_000]
        );
        // Three months are the fewest, and a year for the season.
        assert!(Method::Seasonal.expected(&accruals, august, 2025).is_none());
        let early = horizon("2025-06-30", None);
        assert!(
            Method::MeanOfTwelve
                .expected(&accruals, early, 2025)
                .is_none()
        );
        assert!(
            Method::MeanOfThree
                .expected(&Accruals::default(), early, 2025)
                .is_none()
        );
    }

    #[test]
    fn a_season_comes_back() {
        let mut accruals = Accruals::default();
        for n in 0..12 {
            let dated = month("2024-01").plus(n);
            accruals.add(dated, dated.plus(1), [i128::from(n + 1) * 100, 0]);
        }
        let known = horizon("2024-12-31", None);
        let next = Method::Seasonal.expected(&accruals, known, 2025).unwrap();
        // December 2024 is known, and puts 12.00 into January: what is expected begins with January's decrees.
        assert_eq!(
            next,
            [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1100]
        );
        let after = Method::Seasonal.expected(&accruals, known, 2026).unwrap();
        assert_eq!(after[0], 1200);
        assert_eq!(after[1..], next[1..]);
    }
}
