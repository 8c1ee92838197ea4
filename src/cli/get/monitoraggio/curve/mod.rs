//! A curve in text: cumulated amounts, step by step, against the cap of their year.
//!
//! ```text
//!  1.200,00 ┤══════════════════════════╪╪╪╪═   the cap, and the step with which it is reached
//!           │                     :::: ::::    what is expected
//!           │           #### #### #### ####    what is accounted
//!           │      #### #### #### #### ####
//!         0 └──────────────────────────────
//!            gen  feb  mar  apr  mag  giu
//! ```
//!
//! It is read without colour, in eighty columns, by whoever sees box characters, of which the tables are made too.

mod axis;
mod scale;
mod step;
#[cfg(test)]
mod tests;

use std::fmt;

use self::{
    axis::{euro, labels},
    scale::Scale,
};
use crate::contract::proto::Passo;

pub(super) use step::CurveStep;

/// Columns of a terminal.
const WIDTH: usize = 80;
/// Columns of a label on the left: an amount in short.
const LABEL: usize = 10;
/// Columns on the left of the axis.
const MARGIN: usize = LABEL + 1;
/// Columns of a step at most: wider bars say no more.
const WIDEST_STEP: usize = 5;

/// Amounts over time.
#[derive(Debug, Clone)]
pub(super) struct Curve {
    /// What they are of.
    pub(super) title: String,
    /// How long a step is.
    pub(super) passo: Passo,
    /// By time.
    pub(super) steps: Vec<CurveStep>,
}

impl Curve {
    /// The last steps, from a January on where there is one: as many as have room.
    fn seen(&self, room: usize) -> &[CurveStep] {
        let first = self.steps.len().saturating_sub(room);
        let cut = self.steps.get(first..).unwrap_or_default();
        if first == 0 {
            return cut;
        }
        let january = cut.iter().position(|step| step.month.month0() == 0);
        cut.get(january.unwrap_or_default()..).unwrap_or(cut)
    }

    fn draw(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let room = WIDTH - MARGIN - 1;
        let steps = self.seen(room);
        let scale = Scale::of(steps);
        let labelled = scale.labels();
        let width = (room / steps.len().max(1)).clamp(1, WIDEST_STEP);
        if let Some(first) = steps.first()
            && steps.len() < self.steps.len()
        {
            writeln!(
                f,
                "(dal {}; i passi precedenti sono nella tabella)",
                first.month
            )?;
        }
        for row in (1..=scale.height()).rev() {
            let label = labelled.iter().rev().find(|(at, _)| *at == row);
            let (label, axis) = label.map_or(("", '│'), |(_, label)| (label.as_str(), '┤'));
            let cells: String = steps
                .iter()
                .map(|step| scale.cells(step, row, width))
                .collect();
            let line = format!("{label:>LABEL$} {axis}{cells}");
            writeln!(f, "{}", line.trim_end())?;
        }
        let axis: String = steps
            .iter()
            .map(|step| scale.axis(step).to_string().repeat(width))
            .collect();
        writeln!(f, "{:>LABEL$} └{axis}", "0")?;
        for line in labels(steps, self.passo, width) {
            writeln!(f, "{:MARGIN$} {line}", "")?;
        }
        legend(steps, f)
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        self.draw(f)
    }
}

/// What the signs mean, and what the cap is, if there is one for all steps.
fn legend(steps: &[CurveStep], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("#### contabilizzato")?;
    if steps.iter().any(|step| step.expected > step.known) {
        f.write_str("   :::: atteso")?;
    }
    let mut caps: Vec<i128> = steps.iter().filter_map(|step| step.cap).collect();
    caps.dedup();
    match caps.as_slice() {
        [] => f.write_str("   senza stanziamento"),
        [cap] => write!(f, "   ════ stanziamento {}", euro(*cap)),
        _ => f.write_str("   ════ stanziamento dell'anno"),
    }?;
    if steps.iter().all(|step| step.expected == 0) {
        f.write_str("   (tutti gli importi sono zero)")?;
    }
    Ok(())
}
