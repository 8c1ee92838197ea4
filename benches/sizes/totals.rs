//! Control totals: what every way of reading the same rows must agree on.

use std::{iter::Sum, ops::AddAssign};

use rust_decimal::Decimal;

/// Rows and sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportTotals {
    pub rows: i64,
    pub ore_decretate: Decimal,
    pub importi_autorizzati: Decimal,
    pub importi_erogati: Decimal,
}

/// What SQL gives them by, in the order of [`ExportTotals::from`].
pub const SQL: &str =
    "count(*), sum(ore_decretate), sum(importi_autorizzati), sum(importi_erogati)";

impl From<(i64, Decimal, Decimal, Decimal)> for ExportTotals {
    fn from(row: (i64, Decimal, Decimal, Decimal)) -> Self {
        Self {
            rows: row.0,
            ore_decretate: row.1,
            importi_autorizzati: row.2,
            importi_erogati: row.3,
        }
    }
}

impl AddAssign for ExportTotals {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.ore_decretate += other.ore_decretate;
        self.importi_autorizzati += other.importi_autorizzati;
        self.importi_erogati += other.importi_erogati;
    }
}

impl Sum for ExportTotals {
    fn sum<I: Iterator<Item = Self>>(totals: I) -> Self {
        let mut all = Self::default();
        totals.for_each(|totals| all += totals);
        all
    }
}
