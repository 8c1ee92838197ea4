//! What a load derives of the rows.

use crate::{
    blocks::series::DerivedBlocks,
    monitoraggio::{DerivedAccruals, DerivedMonths},
    report::day_sums::DerivedDays,
    rilevazione::derived::{Derivation, DerivedTotals},
};

/// All that is derived: made by the load, compared by `omnia derived verify`, made again by `omnia derived rebuild`, in this order.
/// `rows_per_block`: as many as the service sends in a lotto (`export.batch_rows`).
#[must_use]
pub fn derivations(rows_per_block: u32) -> Vec<Box<dyn Derivation>> {
    vec![
        Box::new(DerivedBlocks { rows_per_block }),
        Box::new(DerivedDays),
        Box::new(DerivedMonths),
        Box::new(DerivedAccruals),
        Box::new(DerivedTotals),
    ]
}
