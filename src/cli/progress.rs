//! A progress bar for work that takes more than a second, where somebody is looking.

use std::{fmt, time::Duration};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use tokio::task::JoinHandle;

use crate::output::stdio::errln;

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// Work that is measured in something, with its rows told beside it.
const WORK: &str = "{bar:40} {percent}% {msg}";
/// Rows, and nothing else.
const ROWS: &str = "{bar:40} {percent}% {human_pos} of {human_len} rows, {rate} rows/s, {eta} left";
/// Work of unknown length.
const UNKNOWN: &str = "{spinner} {msg} ({elapsed})";

/// A bar on standard error; gone when dropped.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    reveal: JoinHandle<()>,
}

impl Progress {
    /// A bar for `length` units of work.
    pub(super) fn new(length: u64) -> Self {
        Self::styled(length, style(WORK))
    }

    /// A bar for so many rows, with their rate and the time that is left.
    pub(super) fn of_rows(rows: u64) -> Self {
        let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
            // A rate that is not a number is none.
            let _ = write!(text, "{}", HumanCount(state.per_sec() as u64));
        };
        Self::styled(rows, style(ROWS).with_key("rate", rate))
    }

    fn styled(length: u64, style: ProgressStyle) -> Self {
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::hidden());
        bar.set_style(style);
        let reveal = tokio::spawn({
            let bar = bar.clone();
            async move {
                tokio::time::sleep(PATIENCE).await;
                // Draws nothing where standard error is not a terminal.
                bar.set_draw_target(ProgressDrawTarget::stderr());
                bar.enable_steady_tick(TICK);
            }
        });
        Self { bar, reveal }
    }

    /// So much more is done.
    pub(super) fn advance(&self, by: u64) {
        self.bar.inc(by);
    }

    /// So much is done.
    pub(super) fn set(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// So much was done before: it is not counted in the rate.
    pub(super) fn start_from(&self, done: u64) {
        self.bar.set_position(done);
        self.bar.reset_eta();
    }

    /// Shows rows and their rate next to the bar.
    pub(super) fn rows(&self, rows: u64) {
        let millis = self.bar.elapsed().as_millis().max(1);
        let rate = u128::from(rows) * 1_000 / millis;
        self.bar.set_message(format!("{rows} rows, {rate} rows/s"));
    }

    /// From here on the length is unknown.
    pub(super) fn spin(&self, message: &'static str) {
        self.bar.set_style(style(UNKNOWN));
        self.bar.set_message(message);
    }

    /// Prints a line on standard error, above the bar.
    pub(super) fn line(&self, line: &str) {
        self.bar.suspend(|| errln!("{line}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.reveal.abort();
        self.bar.finish_and_clear();
    }
}

/// A plain bar where the template is wrong, which it is not: see the test.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use indicatif::ProgressStyle;

    use super::{ROWS, UNKNOWN, WORK};

    #[test]
    fn the_templates_are_right() {
        for template in [WORK, ROWS, UNKNOWN] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
