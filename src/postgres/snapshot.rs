//! What is read from the database again and again, and kept in memory between two readings.
//!
//! ```text
//! call ──► young enough for it? ── yes ──► the snapshot
//!              │ no
//!              ▼
//!          one reads, the others wait and take what it read; where it fails, all of them fail with it
//! ```
//!
//! A snapshot is as old as the moment at which its reading began: what was committed before that is in it. Its owner says how old
//! one may be, follows what is announced, and reads again in time; so calls as a rule wait for nothing.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use tokio::{
    sync::{Mutex, watch},
    time::{Instant, sleep_until, timeout},
};

use crate::{
    error::{Error, Reason, Result},
    telemetry::FailureLog,
};

/// How long a reading may take.
const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// What the database held at one moment.
#[derive(Debug)]
pub struct Snapshot<T> {
    /// What was read.
    pub value: T,
    /// When the reading began: what was committed before is in it.
    pub read_at: Instant,
}

/// The latest [`Snapshot`].
#[derive(Debug)]
pub struct SnapshotCell<T> {
    latest: ArcSwapOption<Snapshot<T>>,
    /// One reads, the others wait for what it read. When the last reading began, if it failed.
    failed: Mutex<Option<Instant>>,
    min_interval: Duration,
    changes: watch::Sender<()>,
    unreadable: &'static str,
    log: FailureLog,
}

impl<T: PartialEq> SnapshotCell<T> {
    /// Empty. Between the beginnings of two readings lies at least `min_interval`, however many ask. `unreadable` is what callers
    /// are told where a reading takes too long, `log` says how [`refresh`](Self::refresh) goes.
    #[must_use]
    pub fn new(min_interval: Duration, unreadable: &'static str, log: FailureLog) -> Self {
        Self {
            latest: ArcSwapOption::empty(),
            failed: Mutex::default(),
            min_interval,
            changes: watch::Sender::new(()),
            unreadable,
            log,
        }
    }

    /// The latest, however old it is.
    #[must_use]
    pub fn latest(&self) -> Option<Arc<Snapshot<T>>> {
        self.latest.load_full()
    }

    /// How old the latest is: `None` before the first.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        let latest = self.latest.load();
        latest.as_ref().map(|latest| latest.read_at.elapsed())
    }

    /// Told each time a snapshot holds something else than the one before.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// A snapshot whose reading began at `since` or later: read now, unless somebody else did meanwhile.
    ///
    /// # Errors
    /// Those of `read`; [`Reason::DatabaseUnavailable`] where that takes too long, or failed for somebody else meanwhile.
    pub async fn since<F>(
        &self,
        since: Instant,
        read: impl FnOnce() -> F,
    ) -> Result<Arc<Snapshot<T>>>
    where
        F: Future<Output = Result<T>>,
    {
        let mut failed = self.failed.lock().await;
        let present = self.latest.load_full();
        if let Some(present) = present.as_ref().filter(|known| known.read_at >= since) {
            return Ok(Arc::clone(present));
        }
        // Those who waited for a reading that failed do not try in turn: the last of a hundred would wait for minutes.
        if failed.is_some_and(|begun| begun >= since) {
            return Err(self.unavailable());
        }
        if let Some(present) = &present {
            let earliest = present.read_at + self.min_interval;
            if earliest > Instant::now() {
                sleep_until(earliest).await;
            }
        }
        let read_at = Instant::now();
        // Should this reading be given up half-way, the next one is begun anew.
        *failed = None;
        let value = timeout(READ_TIMEOUT, read()).await;
        let value = value.unwrap_or_else(|_| Err(self.unavailable()));
        let value = value.inspect_err(|_| *failed = Some(read_at))?;
        let differs = present.is_none_or(|present| present.value != value);
        let latest = Arc::new(Snapshot { value, read_at });
        self.latest.store(Some(Arc::clone(&latest)));
        if differs {
            self.changes.send_replace(());
        }
        Ok(latest)
    }

    /// Reads now, and logs how that went; whether it went well.
    pub async fn refresh<F>(&self, read: impl FnOnce() -> F) -> bool
    where
        F: Future<Output = Result<T>>,
    {
        let read = self.since(Instant::now(), read).await;
        self.log
            .note(&read.as_ref().map_err(|error| error.with_cause()));
        read.is_ok()
    }

    fn unavailable(&self) -> Error {
        Error::new(Reason::DatabaseUnavailable, self.unreadable)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::future::join_all;

    use super::*;

    fn cell(min_interval: Duration) -> SnapshotCell<u32> {
        let log = FailureLog::error("it cannot be read", "it can be read again");
        SnapshotCell::new(min_interval, "it cannot be read; try again", log)
    }

    async fn slowly(readings: &AtomicU32) -> Result<u32> {
        let reading = readings.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok(reading)
    }

    async fn fails(readings: &AtomicU32) -> Result<u32> {
        slowly(readings).await?;
        Err(Error::internal("no"))
    }

    #[tokio::test]
    async fn many_who_ask_at_once_share_one_reading_or_its_failure() {
        let (cell, readings) = (cell(Duration::ZERO), AtomicU32::new(0));
        let now = Instant::now();
        let all = join_all((0..100).map(|_| cell.since(now, || slowly(&readings)))).await;
        assert!(all.iter().all(|read| read.as_ref().unwrap().value == 0));

        let now = Instant::now();
        let all = join_all((0..100).map(|_| cell.since(now, || fails(&readings)))).await;
        assert_eq!(readings.load(Ordering::Relaxed), 2);
        let reasons = all.into_iter().map(|read| read.unwrap_err().reason);
        let reasons: Vec<_> = reasons.collect();
        assert_eq!(reasons[0], Reason::Internal);
        assert!(
            reasons[1..]
                .iter()
                .all(|reason| *reason == Reason::DatabaseUnavailable)
        );
        assert_eq!(cell.latest().unwrap().value, 0, "what was known stays");
    }

    #[tokio::test]
    async fn readings_keep_their_distance() {
        let (cell, readings) = (cell(Duration::from_millis(20)), AtomicU32::new(0));
        let begun = Instant::now();
        for _ in 0..10 {
            let since = Instant::now();
            cell.since(since, || slowly(&readings)).await.unwrap();
        }
        assert!(begun.elapsed() >= Duration::from_millis(9 * 20));
    }

    #[tokio::test]
    async fn only_changes_are_told() {
        let cell = cell(Duration::ZERO);
        let mut changes = cell.changes();
        for (value, differs) in [(1, true), (1, false), (2, true)] {
            assert!(cell.refresh(|| async move { Ok(value) }).await);
            assert_eq!(changes.has_changed().unwrap(), differs);
            changes.mark_unchanged();
        }
    }
}
