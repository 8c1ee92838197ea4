//! How much of what was authorised is paid, and how soon.
//!
//! Decrees of January authorise 100.00. The rilevazioni of January, February and April say that 10.00, 40.00 and 60.00 of it are paid; the
//! decrees of February authorise 50.00, of which 20.00 are paid in February and 30.00 in April:
//!
//! | cohort | age 0 | 1 | 2 | 3 |
//! | --- | --- | --- | --- | --- |
//! | January | 10.00 | 40.00 | | 60.00 |
//! | February | 20.00 | | 30.00 | |
//!
//! March has no rilevazione. One cohort is known at ages 0 and 1: the factor is 40.00 ÷ 10.00. None is at 1 and 2, or at 2 and 3.

use std::collections::BTreeMap;

use super::ratio::Ratio;
use crate::{rilevazione::detail::sums::ControlSums, valori::Month};

/// The triangle of a norm and a benefit, seen from a rilevazione. It never changes.
#[derive(Debug, Default)]
pub(super) struct Triangle {
    /// By month of the decrees, then by age.
    cohorts: BTreeMap<Month, BTreeMap<i32, Cell>>,
    /// All decrees, in the rilevazione.
    pub(super) total: ControlSums,
}

/// A cohort at an age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    /// Which rilevazione says so.
    pub(super) rilevazione: i32,
    /// What it says of the decrees of the month.
    pub(super) sums: ControlSums,
}

/// From an age to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Factor {
    pub(super) from_age: i32,
    /// Those that have a cell at both ages.
    pub(super) cohorts: usize,
    /// `None`: nothing to divide by.
    pub(super) value: Option<Ratio>,
}

impl Triangle {
    /// Adds what a rilevazione of this reference month says of the decrees of a month. Of a month after it, which would be a decree of the
    /// future, there is no age.
    pub(super) fn add(&mut self, reference: Month, dated: Month, cell: Cell) {
        let age = reference.since(dated);
        if age >= 0 && cell.sums.righe > 0 {
            self.cohorts.entry(dated).or_default().insert(age, cell);
        }
    }

    /// By month of the decrees, then by age.
    pub(super) fn cohorts(&self) -> impl Iterator<Item = (Month, &BTreeMap<i32, Cell>)> {
        self.cohorts.iter().map(|(month, cells)| (*month, cells))
    }

    /// One for each age but the oldest.
    pub(super) fn factors(&self) -> Vec<Factor> {
        let oldest = self
            .cohorts
            .values()
            .filter_map(|cells| cells.last_key_value());
        let oldest = oldest.map(|(age, _)| *age).max().unwrap_or_default();
        (0..oldest).map(|age| self.factor(age)).collect()
    }

    fn factor(&self, from_age: i32) -> Factor {
        let (mut cohorts, mut before, mut after) = (0, 0, 0);
        for cells in self.cohorts.values() {
            if let (Some(young), Some(old)) = (cells.get(&from_age), cells.get(&(from_age + 1))) {
                cohorts += 1;
                before += young.sums.importi_erogati;
                after += old.sums.importi_erogati;
            }
        }
        Factor {
            from_age,
            cohorts,
            value: Ratio::of(after, before),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        Month::parse(text).unwrap()
    }

    fn paid(cents: i128) -> Cell {
        Cell {
            rilevazione: 1,
            sums: ControlSums {
                righe: 1,
                importi_erogati: cents,
                ..ControlSums::default()
            },
        }
    }

    #[test]
    fn the_example_of_the_module() {
        let mut triangle = Triangle::default();
        let (january, february, april) = (month("2023-01"), month("2023-02"), month("2023-04"));
        for (reference, dated, cents) in [
            (january, january, 1000),
            (february, january, 4000),
            (april, january, 6000),
            (february, february, 2000),
            (april, february, 3000),
            // A decree of the future has no age.
            (january, february, 9999),
        ] {
            triangle.add(reference, dated, paid(cents));
        }
        let ages: Vec<Vec<i32>> = triangle
            .cohorts()
            .map(|(_, cells)| cells.keys().copied().collect())
            .collect();
        assert_eq!(ages, [vec![0, 1, 3], vec![0, 2]]);
        let told: Vec<_> = triangle
            .factors()
            .into_iter()
            .map(|f| (f.from_age, f.cohorts, f.value.map(|v| v.to_string())))
            .collect();
        assert_eq!(
            told,
            [
                (0, 1, Some("4.000000".to_owned())),
                (1, 0, None),
                (2, 0, None)
            ]
        );
    }

    #[test]
    fn a_zero_below_gives_none() {
        let mut triangle = Triangle::default();
        triangle.add(month("2023-01"), month("2023-01"), paid(0));
        triangle.add(month("2023-02"), month("2023-01"), paid(5));
        let [factor] = triangle.factors().try_into().unwrap();
        assert_eq!((factor.cohorts, factor.value), (1, None));
        assert_eq!(Triangle::default().factors(), []);
    }
}
