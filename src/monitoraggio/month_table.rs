//! The sums by month of one rilevazione, cumulated: the figures of any range of months, by two look-ups and a difference.
//!
//! Of the rows of a norm and a benefit that belong to the months from `from` to `to`:
//!
//! ```text
//! DATA_DECRETO      dated(to) − dated(from − 1)
//! INIZIO_VALIDITA   starting(to) − starting(from − 1)
//! COMPETENZA        shares(to) − shares(from − 1), of rows: starting(to) − ended(from − 1)
//! ```
//!
//! where each is what was added up to the end of that month.

use super::request::Imputazione;
use crate::{
    report::prefix_sums::Stanziamento,
    rilevazione::{
        detail::sums::ControlSums,
        month_sums::{Amounts, MonthSum, accumulate},
    },
    valori::{CodiceNormativa, CodicePrestazione, Month},
};

/// All that a course needs of one rilevazione. It never changes: the rilevazione does not.
#[derive(Debug, Default)]
pub struct MonthTable {
    /// By norm, then benefit.
    pub pairs: Vec<PairMonths>,
}

/// A norm and a benefit that have decrees or appropriations.
#[derive(Debug)]
pub struct PairMonths {
    /// Norm.
    pub normativa: CodiceNormativa,
    /// Benefit.
    pub prestazione: CodicePrestazione,
    /// By month: all that came up to its end.
    cumulative: Vec<(Month, Cumulative)>,
    /// By year.
    stanziamenti: Vec<Stanziamento>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Cumulative {
    dated: ControlSums,
    starting: ControlSums,
    ended_rows: i64,
    accrual: Amounts,
}

impl PairMonths {
    /// Without decrees and appropriations so far.
    #[must_use]
    pub fn new(normativa: CodiceNormativa, prestazione: CodicePrestazione) -> Self {
        Self {
            normativa,
            prestazione,
            cumulative: Vec::new(),
            stanziamenti: Vec::new(),
        }
    }

    /// Adds a month, later than those before.
    pub fn add_month(&mut self, month: Month, sum: &MonthSum) {
        let mut next = self.cumulative.last().map(|(_, c)| *c).unwrap_or_default();
        next.dated += sum.dated;
        next.starting += sum.starting;
        next.ended_rows += sum.ending_rows;
        accumulate(&mut next.accrual, sum.accrual);
        self.cumulative.push((month, next));
    }

    /// Adds the appropriation of a year, later than those before.
    pub fn add_stanziamento(&mut self, stanziamento: Stanziamento) {
        self.stanziamenti.push(stanziamento);
    }

    /// The appropriation of a year.
    #[must_use]
    pub fn stanziamento(&self, year: i32) -> Option<&Stanziamento> {
        self.stanziamenti.iter().find(|s| s.anno == year)
    }

    /// What belongs to these months, both included.
    #[must_use]
    pub fn between(&self, imputazione: Imputazione, from: Month, to: Month) -> ControlSums {
        let (upper, lower) = (self.up_to(to), self.up_to(from.plus(-1)));
        match imputazione {
            Imputazione::DataDecreto => upper.dated - lower.dated,
            Imputazione::InizioValidita => upper.starting - lower.starting,
            Imputazione::Competenza => {
                upper.accrued(upper.starting.righe) - lower.accrued(lower.ended_rows)
            }
        }
    }

    /// The first month and the last that have a row by this imputazione, or are of a year that has an appropriation.
    #[must_use]
    pub fn extent(&self, imputazione: Imputazione) -> Option<(Month, Month)> {
        let mut extent = Extent::default();
        let mut before = Cumulative::default();
        for (month, after) in &self.cumulative {
            let any = match imputazione {
                Imputazione::DataDecreto => after.dated.righe > before.dated.righe,
                Imputazione::InizioValidita => after.starting.righe > before.starting.righe,
                // Those that began up to here and had not ended before.
                Imputazione::Competenza => after.starting.righe > before.ended_rows,
            };
            if any {
                extent.include(*month, *month);
            }
            before = *after;
        }
        for stanziamento in &self.stanziamenti {
            let january = Month::january(stanziamento.anno);
            extent.include(january, january.plus(11));
        }
        extent.0
    }

    fn up_to(&self, month: Month) -> Cumulative {
        let after = self.cumulative.partition_point(|(m, _)| *m <= month);
        let last = after.checked_sub(1).and_then(|at| self.cumulative.get(at));
        last.map(|(_, cumulative)| *cumulative).unwrap_or_default()
    }
}

impl Cumulative {
    fn accrued(&self, righe: i64) -> ControlSums {
        let [ore_decretate, importi_autorizzati, importi_erogati] = self.accrual;
        ControlSums {
            righe,
            ore_decretate,
            importi_autorizzati,
            importi_erogati,
        }
    }
}

/// The months that something covers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent(pub(super) Option<(Month, Month)>);

impl Extent {
    /// These too.
    pub(super) fn include(&mut self, from: Month, to: Month) {
        let (first, last) = self.0.unwrap_or((from, to));
        self.0 = Some((first.min(from), last.max(to)));
    }
}
