//! To which months an amount belongs on an accrual basis (per competenza): it is spread evenly over the days of validity.
//!
//! The share up to day k of n is the floor of amount × k ÷ n, in hundredths. The share of a month is the difference of two such: so the
//! shares of an amount add up to it, whatever it is. 100.00 over 15 January to 14 February 2023, of 31 days:
//!
//! | month | days up to its end | share up to there | share of the month |
//! | --- | --- | --- | --- |
//! | 2023-01 | 17 | 54.83 | 54.83 |
//! | 2023-02 | 31 | 100.00 | 45.17 |

use chrono::NaiveDate;

use crate::valori::Month;

/// The days of a validity.
#[derive(Debug, Clone, Copy)]
pub struct Accrual {
    first: NaiveDate,
    last: NaiveDate,
}

impl Accrual {
    /// From its first day to its last, which is not before.
    #[must_use]
    pub fn new(first: NaiveDate, last: NaiveDate) -> Self {
        Self { first, last }
    }

    /// How many days there are, at least one.
    fn days(self) -> i64 {
        (self.last - self.first).num_days() + 1
    }

    /// Each month that it touches, with the share of each amount. Amounts are in hundredths, not negative, of at most 18 digits: what a
    /// row may hold.
    pub fn shares<const N: usize>(
        self,
        amounts: [i64; N],
    ) -> impl Iterator<Item = (Month, [i64; N])> {
        let days = self.days();
        let (from, to) = (Month::of(self.first), Month::of(self.last));
        let mut before = [0; N];
        (0..=to.since(from)).map(move |n| {
            let month = from.plus(n);
            let end = month.last_day().min(self.last);
            let passed = (end - self.first).num_days() + 1;
            let mut shares = [0; N];
            for ((share, before), amount) in shares.iter_mut().zip(&mut before).zip(amounts) {
                // amount × passed ÷ days, without a product beyond 64 bits: there are less than 2^22 days.
                let up_to = amount / days * passed + amount % days * passed / days;
                *share = up_to - *before;
                *before = up_to;
            }
            (month, shares)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::valori::parse_date;

    fn day(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    fn texts(dal: &str, al: &str, amount: i64) -> Vec<(String, i64)> {
        Accrual::new(day(dal), day(al))
            .shares([amount])
            .map(|(month, [share])| (month.to_string(), share))
            .collect()
    }

    #[test]
    fn the_example_and_the_edges() {
        let of = |pairs: &[(&str, i64)]| -> Vec<(String, i64)> {
            pairs.iter().map(|(m, s)| ((*m).to_owned(), *s)).collect()
        };
        assert_eq!(
            texts("2023-01-15", "2023-02-14", 10_000),
            of(&[("2023-01", 5483), ("2023-02", 4517)])
        );
        assert_eq!(texts("2024-02-29", "2024-02-29", 7), of(&[("2024-02", 7)]));
        assert_eq!(
            texts("2023-12-31", "2024-01-01", 1),
            of(&[("2023-12", 0), ("2024-01", 1)])
        );
        let most = 999_999_999_999_999_999;
        let ages: Vec<_> = texts("0001-01-01", "9999-12-31", most);
        assert_eq!(ages.len(), 9999 * 12);
        assert_eq!(ages.iter().map(|(_, share)| share).sum::<i64>(), most);
    }

    proptest! {
        #[test]
        fn shares_add_up_and_are_what_the_rule_says(
            start in 0_i64..20_000,
            days in prop_oneof![Just(1_i64), 2_i64..40, 300_i64..3700],
            amounts in prop::array::uniform3(0..1_000_000_000_000_000_000_i64),
        ) {
            let first = day("1990-01-01") + chrono::Duration::days(start);
            let last = first + chrono::Duration::days(days - 1);
            let shares: Vec<_> = Accrual::new(first, last).shares(amounts).collect();
            prop_assert_eq!(shares[0].0, Month::of(first));
            prop_assert_eq!(shares[shares.len() - 1].0, Month::of(last));
            for (i, amount) in amounts.into_iter().enumerate() {
                prop_assert_eq!(shares.iter().map(|(_, s)| s[i]).sum::<i64>(), amount);
                let up_to = |k: i64| i128::from(amount) * i128::from(k) / i128::from(days);
                for (month, share) in &shares {
                    // Day by day, and not by the months' ends.
                    let within = |k: &i64| Month::of(first + chrono::Duration::days(*k)) == *month;
                    let of_month: i128 = (0..days).filter(within).map(|k| up_to(k + 1) - up_to(k)).sum();
                    prop_assert_eq!(of_month, i128::from(share[i]));
                }
            }
        }
    }
}
