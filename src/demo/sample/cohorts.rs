//! How many rows the decrees of each month have under each norm, and what they grant.
//!
//! A cohort is the decrees of a norm that are dated in one month. Its rows follow from the size of the world, what it grants from the
//! caps alone: so a thousand rows and ten million use up the same part of the caps, month by month.

use super::{
    calendar::month_of_extract,
    norm_flows::{Flow, NormFlow},
};
use crate::valori::Month;

/// The decrees of a norm that are dated in one month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cohort {
    /// Which norm, from 0.
    pub(super) norm: usize,
    pub(super) month: Month,
    pub(super) rows: u64,
    /// Cents.
    pub(super) spending: u64,
}

/// Those that the k-th extract has, where the first has so many rows. Each is what it is in every later extract too.
pub(super) fn cohorts(norms: &[NormFlow], rows: u64, k: u32) -> Vec<Cohort> {
    let first = month_of_extract(1);
    let months = norms.iter().map(|norm| norm.months(first).count() as u64);
    let months: u64 = months.sum();
    // Every month of every norm has a row, unless the world is too small.
    let least = u64::from(rows >= 2 * months);
    let by_weight = rows - least * months;
    let weights: Vec<u64> = norms.iter().map(|norm| weight_until(norm, first)).collect();
    let all: u64 = weights.iter().sum();
    let rows_until = |weight: u64| {
        // No more than by_weight up to the first extract; after 120 more, some four times as many.
        (u128::from(by_weight) * u128::from(weight) / u128::from(all.max(1))) as u64
    };
    // What is lost in rounding down goes to the largest.
    let lost = by_weight
        - weights
            .iter()
            .map(|weight| rows_until(*weight))
            .sum::<u64>();
    let largest = (0..norms.len()).max_by_key(|i| weights[*i]);

    let mut cohorts = Vec::new();
    for (i, norm) in norms.iter().enumerate() {
        let (mut weight, mut spending) = (0, 0);
        for (month, flow) in norm.months(month_of_extract(k)) {
            let before = rows_until(weight);
            weight += flow.weight;
            spending += flow.spending;
            let mut rows = rows_until(weight) - before + least;
            if Some(i) == largest && month == first {
                rows += lost;
            }
            // A month without a row leaves what it grants to the next.
            if rows > 0 {
                cohorts.push(Cohort {
                    norm: i,
                    month,
                    rows,
                    spending,
                });
                spending = 0;
            }
        }
    }
    cohorts
}

fn weight_until(norm: &NormFlow, last: Month) -> u64 {
    norm.months(last)
        .map(|(_, Flow { weight, .. })| weight)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{norm_flows::norm_flows, tables::STANZIAMENTI},
        *,
    };

    #[test]
    fn the_first_extract_has_as_many_rows_as_asked() {
        let norms = norm_flows(STANZIAMENTI);
        for rows in [1, 2, 50, 629, 631, 20_000, 50_000_000] {
            let sum: u64 = cohorts(&norms, rows, 1).iter().map(|c| c.rows).sum();
            assert_eq!(sum, rows);
        }
    }

    #[test]
    fn later_extracts_have_the_same_and_more() {
        let norms = norm_flows(STANZIAMENTI);
        for rows in [1, 300, 5_000] {
            let (before, after) = (cohorts(&norms, rows, 4), cohorts(&norms, rows, 5));
            let (same, new): (Vec<_>, Vec<_>) = after
                .into_iter()
                .partition(|c| c.month <= month_of_extract(4));
            assert_eq!(same, before);
            assert!(new.iter().all(|c| c.month == month_of_extract(5)));
        }
    }
}
