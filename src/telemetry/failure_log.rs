//! Failures that last: told when they begin, then rarely and with how often, and once when they are over.
//!
//! ```text
//! failed   ERROR the audit log cannot be written  error=…
//! failed   (nothing, for a minute; then nothing, for ten)
//! failed   ERROR the audit log cannot be written  error=… times=583 for_seconds=60
//! succeeded INFO the audit log can be written again  times=611 for_seconds=63
//! ```
//!
//! What is tried ten times a second fails ten times a second. So much of the same hides what else the log has, and fills the disk
//! of a machine that is in trouble already. Every loop that may fail for ever, and every failure that callers can cause as often as they like,
//! has one of these. A failure that comes and goes is told at most once a minute too.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tracing::Level;

/// Between the first line about a failure and the second; and between two spells of one that comes and goes.
const SOON: Duration = Duration::from_secs(60);
/// Between the lines after that.
const RARELY: Duration = Duration::from_secs(600);

/// The log of one thing that may fail again and again.
#[derive(Debug)]
pub struct FailureLog {
    level: Level,
    failing: &'static str,
    well: &'static str,
    spell: Mutex<Option<Spell>>,
}

/// A failure that was told.
#[derive(Debug, Clone, Copy)]
struct Spell {
    begun: Instant,
    times: u64,
    /// The last failure.
    last: Instant,
    /// The last line that said so.
    told: Instant,
    /// How long after that line the next one may come.
    pause: Duration,
    /// Whether that it is over was not told yet.
    open: bool,
}

/// How often it failed, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FailureTally {
    times: u64,
    seconds: u64,
}

impl FailureLog {
    /// A failure that keeps the service from its work. `failing` and `well` are the lines: "the grants cannot be read", "the grants
    /// can be read again".
    #[must_use]
    pub const fn error(failing: &'static str, well: &'static str) -> Self {
        Self::new(Level::ERROR, failing, well)
    }

    /// A failure that the service can live with.
    #[must_use]
    pub const fn warning(failing: &'static str, well: &'static str) -> Self {
        Self::new(Level::WARN, failing, well)
    }

    const fn new(level: Level, failing: &'static str, well: &'static str) -> Self {
        Self {
            level,
            failing,
            well,
            spell: Mutex::new(None),
        }
    }

    /// It failed. Logged if that is news.
    pub fn failed(&self, error: impl fmt::Display) {
        let tally = self.with(|spell| Spell::failed(spell, Instant::now()));
        let Some(FailureTally { times, seconds }) = tally else {
            return;
        };
        let failing = self.failing;
        match (self.level == Level::WARN, times > 1) {
            (true, false) => tracing::warn!(%error, "{failing}"),
            (true, true) => tracing::warn!(%error, times, for_seconds = seconds, "{failing}"),
            (false, false) => tracing::error!(%error, "{failing}"),
            (false, true) => tracing::error!(%error, times, for_seconds = seconds, "{failing}"),
        }
    }

    /// It succeeded. Logged if the last line about it said that it fails.
    pub fn succeeded(&self) {
        let tally = self.with(|spell| Spell::succeeded(spell, Instant::now()));
        if let Some(FailureTally { times, seconds }) = tally {
            tracing::info!(times, for_seconds = seconds, "{}", self.well);
        }
    }

    /// It failed, and the caller has said so, in more than a line. The next line of ours is a reminder.
    pub fn told(&self) {
        self.with(|spell| *spell = Some(Spell::begun(Instant::now())));
    }

    /// As it went.
    pub fn note<T, E: fmt::Display>(&self, outcome: &Result<T, E>) {
        match outcome {
            Ok(_) => self.succeeded(),
            Err(error) => self.failed(error),
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Option<Spell>) -> T) -> T {
        // Copied in and out: it cannot be left half-way.
        change(&mut self.spell.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Spell {
    fn failed(spell: &mut Option<Self>, now: Instant) -> Option<FailureTally> {
        // A failure without a sign of recovery counts as over after a while without failing.
        let lasts = spell.filter(|known| now - known.last < RARELY);
        let Some(mut known) = lasts else {
            return Some(spell.insert(Self::begun(now)).tally(now));
        };
        known.times += 1;
        known.last = now;
        let tell = now - known.told >= known.pause;
        if tell && !known.open {
            known = Self::begun(now);
        } else if tell {
            known.told = now;
            known.pause = RARELY;
        }
        *spell = Some(known);
        tell.then(|| known.tally(now))
    }

    fn begun(now: Instant) -> Self {
        Self {
            begun: now,
            times: 1,
            last: now,
            told: now,
            pause: SOON,
            open: true,
        }
    }

    fn succeeded(spell: &mut Option<Self>, now: Instant) -> Option<FailureTally> {
        let known = spell.as_mut().filter(|known| known.open)?;
        known.open = false;
        // Should it fail again at once: not before a minute has gone by since it was told.
        known.pause = SOON;
        Some(known.tally(now))
    }

    fn tally(&self, now: Instant) -> FailureTally {
        FailureTally {
            times: self.times,
            seconds: (now - self.begun).as_secs(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When something was told, in tenths of a second, of a loop that runs ten times a second.
    fn told(tenths: u64, fails: impl Fn(u64) -> bool) -> Vec<(u64, bool, FailureTally)> {
        let start = Instant::now();
        let mut spell = None;
        let turn = |tenth: u64| {
            let now = start + Duration::from_millis(tenth * 100);
            let fails = fails(tenth);
            let told = match fails {
                true => Spell::failed(&mut spell, now),
                false => Spell::succeeded(&mut spell, now),
            };
            told.map(|tally| (tenth, fails, tally))
        };
        (0..tenths).filter_map(turn).collect()
    }

    fn tally(times: u64, seconds: u64) -> FailureTally {
        FailureTally { times, seconds }
    }

    #[test]
    fn an_hour_of_failures_is_a_few_lines_and_one_when_it_is_over() {
        let lines = told(36_010, |tenth| tenth < 36_000);
        assert_eq!(
            lines[..3],
            [
                (0, true, tally(1, 0)),
                (600, true, tally(601, 60)),
                (6600, true, tally(6601, 660)),
            ]
        );
        assert_eq!(lines.len(), 8, "{lines:?}");
        assert_eq!(lines[7], (36_000, false, tally(36_000, 3600)));
    }

    #[test]
    fn what_fails_once_an_hour_is_told_each_time_as_if_it_were_the_first() {
        let start = Instant::now();
        let mut spell = None;
        for hour in 0..3 {
            let now = start + Duration::from_secs(hour * 3600);
            assert_eq!(Spell::failed(&mut spell, now), Some(tally(1, 0)));
        }
    }

    #[test]
    fn what_never_fails_is_never_told() {
        assert_eq!(told(1000, |_| false), []);
    }

    #[test]
    fn what_comes_and_goes_is_told_once_a_minute() {
        let lines = told(1200, |tenth| tenth % 2 == 0);
        let when: Vec<_> = lines
            .iter()
            .map(|(tenth, fails, _)| (*tenth, *fails))
            .collect();
        assert_eq!(when, [(0, true), (1, false), (600, true), (601, false)]);
    }

    #[test]
    fn a_failure_that_stays_after_it_came_and_went_is_told() {
        let lines = told(700, |tenth| tenth != 1);
        let when: Vec<_> = lines
            .iter()
            .map(|(tenth, fails, _)| (*tenth, *fails))
            .collect();
        assert_eq!(when, [(0, true), (1, false), (600, true)]);
    }
}
