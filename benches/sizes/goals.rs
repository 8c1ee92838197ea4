//! What was to be held, and whether it was.

use std::{process::ExitCode, time::Duration};

use super::side_by_side::TimedPair;

/// The goals that were measured.
#[derive(Default)]
pub struct Goals {
    lines: Vec<String>,
    missed: bool,
}

impl Goals {
    /// Our rows/s, as a share of the peer's, must be at least `goal`: the median of the pairs decides.
    pub fn speed(&mut self, name: &str, rows: i64, pairs: &[TimedPair], goal: f64) {
        if pairs.is_empty() {
            return;
        }
        let rows_per_second = |time: Duration| rows as f64 / time.as_secs_f64();
        let median_of = |of: fn(&TimedPair) -> f64| median(pairs.iter().map(of).collect());
        let speed = median_of(TimedPair::speed);
        let ours = median(pairs.iter().map(|p| rows_per_second(p.ours)).collect());
        let peer = median(pairs.iter().map(|p| rows_per_second(p.peer)).collect());
        self.note(
            speed >= goal,
            format!(
                "{name}: {speed:.2} of the peer's rows/s (goal: at least {goal:.2}); {ours:.0} rows/s, peer {peer:.0}; \
                 medians of {} pairs of {rows} rows",
                pairs.len()
            ),
        );
    }

    /// Bytes must be under `goal`.
    pub fn bytes(&mut self, name: &str, bytes: u64, goal: u64) {
        self.note(
            bytes < goal,
            format!(
                "{name}: {} (goal: under {})",
                mebibytes(bytes),
                mebibytes(goal)
            ),
        );
    }

    fn note(&mut self, holds: bool, line: String) {
        self.missed |= !holds;
        let word = if holds { "holds " } else { "MISSED" };
        self.lines.push(format!("{word} {line}"));
    }

    /// Prints them; a missed one fails the run.
    pub fn tell(&self) -> ExitCode {
        println!();
        for line in &self.lines {
            println!("{line}");
        }
        if self.missed {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }
}

/// As people write it.
pub fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (lower, upper) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
    f64::midpoint(lower, upper)
}
