//! A progress bar for work that takes more than a second, where somebody is looking.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinHandle;

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// A bar on standard error; gone when dropped.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    reveal: JoinHandle<()>,
}

impl Progress {
    /// A bar for `length` units of work.
    pub(super) fn new(length: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::hidden());
        bar.set_style(style("{bar:40} {percent}% {msg}"));
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

    /// Shows rows and their rate next to the bar.
    pub(super) fn rows(&self, rows: u64) {
        let millis = self.bar.elapsed().as_millis().max(1);
        let rate = u128::from(rows) * 1_000 / millis;
        self.bar.set_message(format!("{rows} rows, {rate} rows/s"));
    }

    /// From here on nobody knows how long it takes.
    pub(super) fn spin(&self, message: &'static str) {
        self.bar.set_style(style("{spinner} {msg} ({elapsed})"));
        self.bar.set_message(message);
    }

    /// Prints a line on standard error, above the bar.
    pub(super) fn line(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
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

    #[test]
    fn the_templates_are_right() {
        for template in ["{bar:40} {percent}% {msg}", "{spinner} {msg} ({elapsed})"] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
