//! What the rows of a norm and a benefit add up to by month: what a figure over time is made from (`crate::monitoraggio`).
//!
//! A row belongs to the month of its decree, to the month in which its validity begins, and on an accrual basis to each month of its
//! validity ([`super::accrual`]). Of one row, a decree of 10 December 2022 over 15 January to 14 February 2023 with 100.00 authorised:
//!
//! | month | dated | starting | ending, rows | accrual |
//! | --- | --- | --- | --- | --- |
//! | 2022-12 | 1 row, 100.00 | | | |
//! | 2023-01 | | 1 row, 100.00 | | 54.83 |
//! | 2023-02 | | | 1 | 45.17 |
//!
//! and, by the month of the decree and that of the accrual: 54.83 for (2022-12, 2023-01), 45.17 for (2022-12, 2023-02). Memory grows
//! with the months, not with the decrees.

use std::{collections::BTreeMap, iter::repeat_n};

use chrono::NaiveDate;

use super::{accrual::Accrual, detail::sums::ControlSums};
use crate::valori::Month;

/// Hours, authorised, paid, in hundredths.
pub type Amounts = [i128; 3];

/// The amounts of one row.
pub(super) type RowAmounts = [i64; 3];

/// The sums by month, in the making.
#[derive(Debug, Default)]
pub(super) struct MonthSums {
    dated: BTreeMap<Month, DatedRows>,
    starting: BTreeMap<Month, ControlSums>,
    ending: BTreeMap<Month, i64>,
}

/// The rows whose decrees are of one month.
#[derive(Debug, Default)]
struct DatedRows {
    sums: ControlSums,
    /// By month of accrual, from `first` on without a gap.
    first: Option<Month>,
    shares: Vec<Amounts>,
}

/// What is kept of a month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MonthSum {
    /// Of the rows whose decree is of this month.
    pub dated: ControlSums,
    /// Of the rows whose validity begins in it.
    pub starting: ControlSums,
    /// How many rows' validity ends in it.
    pub ending_rows: i64,
    /// The shares that fall in it.
    pub accrual: Amounts,
}

/// The shares of the rows of one month's decrees that fall in another month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccrualSum {
    /// The month of the decrees.
    pub dated: Month,
    /// The month of the accrual.
    pub month: Month,
    /// The shares.
    pub amounts: Amounts,
}

impl MonthSums {
    /// Adds a row.
    pub(super) fn add(
        &mut self,
        dated: NaiveDate,
        (first, last): (NaiveDate, NaiveDate),
        amounts: RowAmounts,
    ) {
        let [ore_decretate, importi_autorizzati, importi_erogati] = amounts.map(i128::from);
        let sums = ControlSums {
            righe: 1,
            ore_decretate,
            importi_autorizzati,
            importi_erogati,
        };
        let of_decree = self.dated.entry(Month::of(dated)).or_default();
        of_decree.sums += sums;
        of_decree.add_shares(Accrual::new(first, last), amounts);
        *self.starting.entry(Month::of(first)).or_default() += sums;
        *self.ending.entry(Month::of(last)).or_default() += 1;
    }

    /// By month. Every month is there that a row touches.
    pub(super) fn months(&self) -> BTreeMap<Month, MonthSum> {
        let mut months: BTreeMap<Month, MonthSum> = BTreeMap::new();
        for (month, rows) in &self.dated {
            months.entry(*month).or_default().dated = rows.sums;
        }
        for (month, sums) in &self.starting {
            months.entry(*month).or_default().starting = *sums;
        }
        for (month, rows) in &self.ending {
            months.entry(*month).or_default().ending_rows = *rows;
        }
        for sum in self.accrual() {
            let month = months.entry(sum.month).or_default();
            accumulate(&mut month.accrual, sum.amounts);
        }
        months
    }

    /// By month of the decrees, then by month of the accrual, without gaps between the months of one decree month.
    pub(super) fn accrual(&self) -> impl Iterator<Item = AccrualSum> {
        self.dated.iter().flat_map(|(dated, rows)| {
            let months = rows
                .first
                .into_iter()
                .flat_map(|first| (0..).map(move |n| first.plus(n)));
            months.zip(&rows.shares).map(|(month, amounts)| AccrualSum {
                dated: *dated,
                month,
                amounts: *amounts,
            })
        })
    }
}

impl DatedRows {
    fn add_shares(&mut self, accrual: Accrual, amounts: RowAmounts) {
        let mut shares = accrual.shares(amounts).peekable();
        let Some((from, _)) = shares.peek().copied() else {
            return;
        };
        let first = *self.first.get_or_insert(from);
        if from < first {
            let missing = usize::try_from(first.since(from)).unwrap_or_default();
            self.shares
                .splice(0..0, repeat_n(Amounts::default(), missing));
            self.first = Some(from);
        }
        let first = first.min(from);
        for (month, share) in shares {
            // Not negative: `first` is not after it.
            let at = usize::try_from(month.since(first)).unwrap_or_default();
            if self.shares.len() <= at {
                self.shares.resize(at + 1, Amounts::default());
            }
            accumulate(&mut self.shares[at], share.map(i128::from));
        }
    }
}

/// Adds amounts to others.
pub fn accumulate(sum: &mut Amounts, more: Amounts) {
    for (sum, more) in sum.iter_mut().zip(more) {
        *sum += more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::valori::parse_date;

    fn day(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    fn month(text: &str) -> Month {
        Month::parse(text).unwrap()
    }

    /// The example of the module, and an earlier validity of the same month's decrees.
    #[test]
    fn the_example() {
        let mut sums = MonthSums::default();
        let validity = (day("2023-01-15"), day("2023-02-14"));
        sums.add(day("2022-12-10"), validity, [0, 10_000, 1]);
        sums.add(
            day("2022-12-31"),
            (day("2022-10-01"), day("2022-10-01")),
            [5, 7, 0],
        );
        let months = sums.months();
        let touched: Vec<String> = months.keys().map(Month::to_string).collect();
        assert_eq!(
            touched,
            ["2022-10", "2022-11", "2022-12", "2023-01", "2023-02"]
        );
        assert_eq!(months[&month("2022-12")].dated.importi_autorizzati, 10_007);
        assert_eq!(months[&month("2022-12")].dated.righe, 2);
        let january = months[&month("2023-01")];
        assert_eq!((january.starting.righe, january.ending_rows), (1, 0));
        assert_eq!(january.accrual, [0, 5483, 0]);
        let february = months[&month("2023-02")];
        assert_eq!((february.starting.righe, february.ending_rows), (0, 1));
        assert_eq!(february.accrual, [0, 4517, 1]);
        let cells: Vec<_> = sums
            .accrual()
            .map(|c| (c.dated.to_string(), c.month.to_string(), c.amounts[1]))
            .collect();
        let of = |accrual: &str, amount| ("2022-12".to_owned(), accrual.to_owned(), amount);
        assert_eq!(
            cells,
            [
                of("2022-10", 7),
                of("2022-11", 0),
                of("2022-12", 0),
                of("2023-01", 5483),
                of("2023-02", 4517)
            ]
        );
    }
}
