//! How high an amount is drawn.
//!
//! Rows are rounded, and what stands to the cap is not: what has reached the cap is drawn up to its row at least, and what has
//! not ends below it, however near it is.

use super::{axis::short, step::CurveStep};

/// Rows above the axis.
const HEIGHT: usize = 12;

/// The rows of a drawing, and what the highest of them is.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    top: i128,
    /// Each cap with its row, in the order of time.
    caps: Vec<(i128, usize)>,
}

impl Scale {
    pub(super) fn of(steps: &[CurveStep]) -> Self {
        let highest = |step: &CurveStep| step.expected.max(step.known).max(step.cap.unwrap_or(0));
        let top = steps.iter().map(highest).max().unwrap_or_default().max(0);
        let mut scale = Self {
            top,
            caps: Vec::new(),
        };
        let mut caps: Vec<i128> = steps.iter().filter_map(|step| step.cap).collect();
        caps.dedup();
        scale.caps = caps
            .into_iter()
            .map(|cap| (cap, scale.cap_row(cap)))
            .collect();
        scale
    }

    /// How many rows there are: none where all is zero.
    pub(super) fn height(&self) -> usize {
        if self.top > 0 { HEIGHT } else { 0 }
    }

    /// What stands beside a row: the highest amount, and the caps.
    pub(super) fn labels(&self) -> Vec<(usize, String)> {
        let top = (self.height(), short(self.top));
        let caps = self.caps.iter().map(|(cap, row)| (*row, short(*cap)));
        let mut labels: Vec<_> = [top].into_iter().chain(caps).collect();
        labels.retain(|(row, _)| *row > 0);
        labels
    }

    /// Half a row and more is a row.
    fn rounded(&self, cents: i128) -> usize {
        if self.top == 0 {
            return 0;
        }
        let rows = (cents.max(0) * 2 * HEIGHT as i128 + self.top) / (2 * self.top);
        usize::try_from(rows).unwrap_or(HEIGHT).min(HEIGHT)
    }

    /// On the axis, if it is zero; else there is room for an amount below it.
    fn cap_row(&self, cap: i128) -> usize {
        if cap <= 0 {
            return 0;
        }
        self.rounded(cap).max(2)
    }

    fn rows(&self, cents: i128, cap: Option<i128>) -> usize {
        if cents <= 0 {
            return 0;
        }
        let rows = self.rounded(cents).max(1);
        match cap {
            None => rows,
            Some(cap) if cents >= cap => rows.max(self.cap_row(cap)),
            Some(cap) => rows.min(self.cap_row(cap).saturating_sub(1)),
        }
    }

    /// What a step shows in a row: its bar, and what is between it and the next.
    pub(super) fn cells(&self, step: &CurveStep, row: usize, width: usize) -> String {
        let known = row <= self.rows(step.known, step.cap);
        let expected = row <= self.rows(step.expected, step.cap);
        let on_cap = step.cap.is_some_and(|cap| self.cap_row(cap) == row);
        let bar = match (on_cap, known, expected) {
            (true, false, false) => '═',
            (true, _, _) => '╪',
            (false, true, _) => '#',
            (false, false, true) => ':',
            (false, false, false) => ' ',
        };
        let between = if on_cap { '═' } else { ' ' };
        let gap = usize::from(width > 1);
        let mut cells = bar.to_string().repeat(width - gap);
        cells.extend(std::iter::repeat_n(between, gap));
        cells
    }

    /// What the axis is below a step: a cap of zero lies on it.
    pub(super) fn axis(&self, step: &CurveStep) -> char {
        let on_cap = step.cap.is_some_and(|cap| self.cap_row(cap) == 0);
        if on_cap { '═' } else { '─' }
    }
}
