//! What is written along the axes.

use super::step::CurveStep;
use crate::{cli::report_table::grouped, contract::proto::Passo, valori::Importo};

const MONTHS: [&str; 12] = [
    "gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic",
];
const QUARTERS: [&str; 4] = ["T1", "T2", "T3", "T4"];

/// The lines below the axis: the steps, where they have room, and the years.
pub(super) fn labels(steps: &[CurveStep], passo: Passo, width: usize) -> Vec<String> {
    let name = |step: &CurveStep| -> &str {
        let month = usize::try_from(step.month.month0()).unwrap_or_default();
        let name = match passo {
            Passo::Anno => None,
            Passo::Trimestre => QUARTERS.get(month / 3),
            Passo::Mese | Passo::Unspecified => MONTHS.get(month),
        };
        name.copied().unwrap_or_default()
    };
    let mut lines = Vec::new();
    let fits = steps.iter().all(|step| name(step).len() < width);
    let names: String = steps
        .iter()
        .map(|step| format!("{:width$}", name(step)))
        .collect();
    if fits && !names.trim().is_empty() {
        lines.push(names.trim_end().to_owned());
    }
    lines.push(years(steps, width));
    lines
}

/// Each year below its first step, unless it would run into the one before.
fn years(steps: &[CurveStep], width: usize) -> String {
    let mut line = String::new();
    let mut last = None;
    for (at, step) in steps.iter().enumerate() {
        let year = step.month.year();
        let column = at * width;
        if last == Some(year) {
            continue;
        }
        last = Some(year);
        // Four digits and no sign: bytes are columns.
        if line.is_empty() || line.len() < column {
            line = format!("{line:column$}{year}");
        }
    }
    line
}

/// An amount, to the cent.
pub(super) fn euro(cents: i128) -> String {
    grouped(&Importo::from_hundredths(cents).to_string())
}

/// An amount in ten columns: to the cent below a million, cut to hundredths of a million or of a milliard above.
pub(super) fn short(cents: i128) -> String {
    const MILLION: i128 = 100_000_000;
    const MILLIARD: i128 = 1000 * MILLION;
    let (unit, name) = match cents {
        ..MILLION => return euro(cents),
        MILLION..MILLIARD => (MILLION, "mln"),
        _ => (MILLIARD, "mld"),
    };
    format!("{} {name}", euro(cents * 100 / unit))
}
