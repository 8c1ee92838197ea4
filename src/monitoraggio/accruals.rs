//! What the decrees of each month put into each month, as a rilevazione knows it.

use std::collections::BTreeMap;

use crate::valori::Month;

/// Authorised and paid, in cents.
pub(super) type Cents = [i128; 2];

/// The shares of a norm's and a benefit's decrees: by month of the decree, by month of competenza.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Accruals(BTreeMap<Month, BTreeMap<Month, Cents>>);

impl Accruals {
    /// Adds the shares of a month's decrees in a month.
    pub(super) fn add(&mut self, dated: Month, month: Month, cents: Cents) {
        let sum = self.0.entry(dated).or_default().entry(month).or_default();
        for (sum, more) in sum.iter_mut().zip(cents) {
            *sum += more;
        }
    }

    /// What the decrees of a month put into a month.
    pub(super) fn share(&self, dated: Month, month: Month) -> Cents {
        let shares = self.0.get(&dated);
        shares
            .and_then(|shares| shares.get(&month))
            .copied()
            .unwrap_or_default()
    }

    /// What all decrees put into a month.
    pub(super) fn month(&self, month: Month) -> Cents {
        let shares = self.0.values().filter_map(|shares| shares.get(&month));
        shares.fold(Cents::default(), |[a, p], [more_a, more_p]| {
            [a + more_a, p + more_p]
        })
    }

    /// What all decrees put into a year.
    pub(super) fn year(&self, year: i32) -> Cents {
        let months = (0..12).map(|n| self.month(Month::january(year).plus(n)));
        months.fold(Cents::default(), |[a, p], [more_a, more_p]| {
            [a + more_a, p + more_p]
        })
    }

    /// The first month with a decree.
    pub(super) fn first(&self) -> Option<Month> {
        self.0.first_key_value().map(|(month, _)| *month)
    }

    /// How many months the latest decree came after a month that it puts something into: 0, if none ever did.
    pub(super) fn latest_arrival(&self) -> i32 {
        let late = self.0.iter().filter_map(|(dated, shares)| {
            let (earliest, _) = shares.iter().find(|(_, [authorised, _])| *authorised > 0)?;
            Some(dated.since(*earliest))
        });
        late.max().unwrap_or_default().max(0)
    }

    /// Cohort by cohort: the month of the decrees, and what was authorised and paid in all.
    pub(super) fn by_cohort(&self) -> impl Iterator<Item = (Month, Cents)> {
        self.0.iter().map(|(dated, shares)| {
            let sum = shares.values();
            let sum = sum.fold(Cents::default(), |[a, p], [more_a, more_p]| {
                [a + more_a, p + more_p]
            });
            (*dated, sum)
        })
    }

    /// Cohort by cohort: the month of the decrees, and what they put into a year.
    pub(super) fn cohorts(&self, year: i32) -> impl Iterator<Item = (Month, [Cents; 12])> {
        self.0.keys().map(move |dated| {
            let january = Month::january(year);
            // From 0 to 11: it fits.
            let share =
                |n: usize| self.share(*dated, january.plus(i32::try_from(n).unwrap_or_default()));
            (*dated, std::array::from_fn(share))
        })
    }
}
