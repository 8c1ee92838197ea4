//! The axis of amounts: a few round ones, from zero to the highest that is drawn.

use rust_decimal::Decimal;

use crate::cruscotto::format;

/// At most so many steps; at least three, as the next coarser step is at most twice as long.
const STEPS: i64 = 5;

/// Round amounts, and the unit that they are written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AmountAxis {
    /// The amount at the upper end.
    pub(super) top: Decimal,
    /// Each amount, as it is written.
    pub(super) ticks: Vec<(Decimal, String)>,
    /// "Milioni di euro".
    pub(super) unit: &'static str,
}

impl AmountAxis {
    /// High enough for this amount.
    pub(super) fn up_to(highest: Decimal) -> Self {
        let step = round_step(highest);
        let (unit, size) = match highest {
            highest if highest >= Decimal::from(1_000_000) => ("Milioni di euro", 1_000_000),
            highest if highest >= Decimal::from(1_000) => ("Migliaia di euro", 1_000),
            _ => ("Euro", 1),
        };
        let mut ticks = vec![(Decimal::ZERO, "0".to_owned())];
        let mut top = Decimal::ZERO;
        while top < highest || ticks.len() < 2 {
            top += step;
            let written = (top / Decimal::from(size)).normalize().to_string();
            ticks.push((top, format::number(&written)));
        }
        Self { top, ticks, unit }
    }
}

/// The shortest of 1, 2, 2.5, 5, 10, 20, 25… of which a few reach as high.
fn round_step(highest: Decimal) -> Decimal {
    let mut power = Decimal::ONE;
    loop {
        for tenths in [10, 20, 25, 50] {
            let step = power * Decimal::new(tenths, 1);
            if step * Decimal::from(STEPS) >= highest {
                return step;
            }
        }
        power *= Decimal::TEN;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(highest: i64) -> (Vec<String>, &'static str) {
        let axis = AmountAxis::up_to(Decimal::from(highest));
        (
            axis.ticks.into_iter().map(|(_, text)| text).collect(),
            axis.unit,
        )
    }

    #[test]
    fn a_few_round_amounts() {
        assert_eq!(
            written(110_774_964),
            (
                ["0", "25", "50", "75", "100", "125"]
                    .map(String::from)
                    .to_vec(),
                "Milioni di euro"
            )
        );
        assert_eq!(
            written(1_100_000).0,
            ["0", "0,25", "0,5", "0,75", "1", "1,25"]
        );
        assert_eq!(
            written(4_500),
            (
                ["0", "1", "2", "3", "4", "5"].map(String::from).to_vec(),
                "Migliaia di euro"
            )
        );
        assert_eq!(written(0).0, ["0", "1"]);
        for highest in [7, 99, 101, 12_345, 999_999, 26_000_001, 1_889_600_000] {
            let ticks = written(highest).0.len();
            assert!((4..=6).contains(&ticks), "{highest}: {ticks}");
        }
    }
}
