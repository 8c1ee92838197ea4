//! What is different between two rilevazioni.

use std::{collections::BTreeMap, ops::AddAssign};

use super::history::HistoryFigures;
use crate::valori::{CodiceNormativa, CodicePrestazione};

/// Two rilevazioni, norm by norm and benefit by benefit. It never changes.
#[derive(Debug, Default)]
pub(super) struct Comparison(
    pub(super) BTreeMap<(CodiceNormativa, CodicePrestazione), PairComparison>,
);

/// What is different of a norm and a benefit that have decrees or appropriations in either.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PairComparison {
    pub(super) rows: RowCounts,
    pub(super) before: HistoryFigures,
    pub(super) after: HistoryFigures,
}

/// Rows that are different.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RowCounts {
    pub(super) new: i64,
    pub(super) changed: i64,
    pub(super) gone: i64,
}

impl AddAssign for RowCounts {
    fn add_assign(&mut self, more: Self) {
        self.new += more.new;
        self.changed += more.changed;
        self.gone += more.gone;
    }
}
