//! Keeps the keys in force those of their source: a file as it changes, a URL ahead of its time.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use super::{fetch::KeySourceInner, key_freshness::KeyFreshness};
use crate::{
    telemetry::FailureLog,
    transport::file_watcher::{FileWatcher, WakeReason},
};

/// A file may be read in the middle of its writing: what is wrong with it counts if it still is after so long.
const AGAIN: Duration = Duration::from_millis(100);
/// How often a file is looked at where nothing can be watched.
const LOOK: Duration = Duration::from_secs(1);

impl KeySourceInner {
    /// Follows the source for ever.
    pub(super) async fn keep_fresh(self: Arc<Self>) {
        let Some(reader) = &self.key_reader else {
            return;
        };
        match reader.location().directory() {
            Ok(Some(directory)) => match FileWatcher::new([directory]).await {
                Ok(watch) => self.follow_file(Some(watch)).await,
                Err(error) => {
                    tracing::warn!(%error, "keys are looked at every second");
                    self.follow_file(None).await;
                }
            },
            Ok(None) => self.follow_url().await,
            Err(error) => {
                tracing::warn!(%error, "keys are looked at every second");
                self.follow_file(None).await;
            }
        }
    }

    async fn follow_file(self: &Arc<Self>, mut watch: Option<FileWatcher>) {
        let mut told = None;
        let reminder = FailureLog::error(
            "the keys on disk are still refused: those in force stay until their limit",
            "the keys on disk are no longer refused",
        );
        // It may have changed since it was read.
        let mut motivo = WakeReason::Round;
        loop {
            let mut outcome = self.fetch().await;
            if outcome.is_err() {
                sleep(AGAIN).await;
                outcome = self.fetch().await;
            }
            let asked = motivo == WakeReason::Requested;
            match outcome {
                Ok(()) => {
                    if asked || told.is_some() {
                        tracing::info!(
                            source = self.source(),
                            "the keys on disk are those in force"
                        );
                    }
                    told = None;
                }
                Err(error) => {
                    // Not at every look.
                    if asked || told.as_ref() != Some(&error) {
                        let read_on = self.read_at();
                        tracing::error!(%error, letto_il = read_on, "the keys on disk are refused: those in force stay until their limit");
                        reminder.told();
                    } else {
                        reminder.failed(&error);
                    }
                    told = Some(error);
                }
            }
            motivo = match &mut watch {
                Some(watch) => watch.wait().await,
                None => {
                    sleep(LOOK).await;
                    WakeReason::Round
                }
            };
        }
    }

    async fn follow_url(self: &Arc<Self>) {
        let KeyFreshness {
            refresh_after: refresh,
            min_interval: interval,
            ..
        } = self.freshness;
        let log = FailureLog::warning(
            "keys cannot be refreshed: those known are kept until their limit",
            "keys can be refreshed again",
        );
        let mut wait = refresh;
        if self.key_set.load().is_none() {
            wait = interval.min(refresh);
        }
        loop {
            sleep(wait).await;
            let fetched = self.fetch().await;
            wait = match &fetched {
                Ok(()) => refresh,
                Err(_) => interval.min(refresh),
            };
            let read = self.read_at().unwrap_or_else(|| "never".to_owned());
            log.note(&fetched.map_err(|error| format!("{error} (read last: {read})")));
        }
    }

    fn source(&self) -> Option<String> {
        let reader = self.key_reader.as_ref()?;
        Some(reader.location().to_string())
    }

    /// When the keys known were last read well.
    fn read_at(&self) -> Option<String> {
        let key_set = self.key_set.load();
        Some(key_set.as_ref()?.read_at.to_rfc3339())
    }
}
