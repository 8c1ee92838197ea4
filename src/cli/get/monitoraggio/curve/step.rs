//! One step of a curve.

use rust_decimal::Decimal;

use crate::{
    contract::proto::StanziamentoAnno,
    valori::{Importo, Month},
};

/// Amounts of a step, in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct CurveStep {
    /// Its first month.
    pub(in crate::cli) month: Month,
    /// Accounted.
    pub(in crate::cli) known: i128,
    /// Accounted, and what is expected beside.
    pub(in crate::cli) expected: i128,
    /// The appropriation of its year.
    pub(in crate::cli) cap: Option<i128>,
}

impl CurveStep {
    /// Of texts as the contract has them. `None`: the caller does not see one of them.
    pub(in crate::cli) fn of(
        month: &str,
        [known, expected]: [&str; 2],
        stanziamento: Option<&StanziamentoAnno>,
    ) -> Option<Self> {
        let cap = match stanziamento {
            Some(stanziamento) => Some(cents(&stanziamento.totale_stanziamenti)?),
            None => None,
        };
        Some(Self {
            month: Month::parse(month).ok()?,
            known: cents(known)?,
            expected: cents(expected)?,
            cap,
        })
    }
}

/// An amount, or a sum of any size.
fn cents(importo: &str) -> Option<i128> {
    let decimal = Decimal::from_str_exact(importo).ok()?;
    Some(Importo::from(decimal).hundredths())
}
