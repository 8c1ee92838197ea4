//! Asking the source of keys: one asking at a time, shared by all who wait for it, and no lock held meanwhile.
//!
//! An asking is a task of its own, so it goes on whatever becomes of the call that caused it, and it ends: a URL has its
//! time limit, a file that of [`bounded_read`](crate::transport::bounded_read).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::{
    jwks::{Jwks, SkippedKey},
    key_freshness::KeyFreshness,
    key_location::KeyReader,
    sha256::{Sha256Digest, sha256},
};
use crate::{clock::Clock, error::Sentence, telemetry};

/// How the last reading of a source went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct KeyReading {
    /// Whether what the source says is in force.
    pub(super) good: bool,
    /// The generation that is.
    pub(super) generation: u64,
}

/// A set, and since when it is known.
pub(super) struct KeySet {
    pub(super) jwks: Jwks,
    pub(super) generation: u64,
    pub(super) digest: Sha256Digest,
    /// The last good answer.
    pub(super) read_at: DateTime<Utc>,
}

/// A source of keys: what it last gave, and the asking that is under way.
pub(super) struct KeySourceInner {
    /// `None`: the keys never change.
    pub(super) key_reader: Option<KeyReader>,
    pub(super) freshness: KeyFreshness,
    pub(super) key_set: ArcSwapOption<KeySet>,
    pub(super) fetches: Fetches,
    /// How the last reading went.
    pub(super) reading: watch::Sender<KeyReading>,
    pub(super) clock: Clock,
}

/// How an asking ended, for all who waited. `None`: it has not yet.
type FetchOutcome = Option<Result<(), Arc<str>>>;

/// The asking that is under way, and when the last one began.
#[derive(Default)]
pub(super) struct Fetches(Mutex<FetchState>);

#[derive(Default)]
struct FetchState {
    began: Option<DateTime<Utc>>,
    under_way: Option<watch::Receiver<FetchOutcome>>,
}

impl Fetches {
    fn lock(&self) -> MutexGuard<'_, FetchState> {
        // Each of the two is set in one step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeySourceInner {
    /// Asks the source, or waits for the asking that is under way.
    pub(super) async fn fetch(self: &Arc<Self>) -> Result<(), Arc<str>> {
        match self.ask(None) {
            Some(asking) => outcome(asking).await,
            None => Ok(()),
        }
    }

    /// As [`KeySourceInner::fetch`], unless the source was asked a short while ago.
    pub(super) async fn fetch_for_unknown(self: &Arc<Self>) {
        let pause = TimeDelta::from_std(self.freshness.min_interval).unwrap_or(TimeDelta::MAX);
        if let Some(asking) = self.ask(Some(pause)) {
            // The watcher of the source reports what is wrong with it.
            let _ = outcome(asking).await;
        }
    }

    /// The asking that is under way, or a new one; none where the last one began less than `pause` ago.
    /// Fixed keys have no source.
    fn ask(self: &Arc<Self>, pause: Option<TimeDelta>) -> Option<watch::Receiver<FetchOutcome>> {
        self.key_reader.as_ref()?;
        let mut state = self.fetches.lock();
        if let Some(asking) = &state.under_way
            // Else its task was ended with its runtime.
            && asking.has_changed().is_ok()
        {
            return Some(asking.clone());
        }
        let now = self.clock.now();
        let soon = |began| pause.is_some_and(|pause| now - began < pause);
        if state.began.is_some_and(soon) {
            return None;
        }
        let (done, asking) = watch::channel(None);
        state.began = Some(now);
        state.under_way = Some(asking.clone());
        let inner = Arc::clone(self);
        tokio::spawn(async move {
            let outcome = inner.refresh().await;
            inner.fetches.lock().under_way = None;
            // Its waiters may have gone.
            let _ = done.send(Some(outcome.map_err(|error| error.to_string().into())));
        });
        Some(asking)
    }

    async fn refresh(&self) -> Result<(), Sentence> {
        let Some(reader) = &self.key_reader else {
            return Ok(());
        };
        let outcome = self.refresh_from(reader).await;
        let read_on = outcome.as_ref().ok().map(|()| self.clock.now());
        telemetry::record_keys(&reader.location().to_string(), read_on);
        let reading = KeyReading {
            good: outcome.is_ok(),
            generation: self.generation(),
        };
        self.reading
            .send_if_modified(|known| std::mem::replace(known, reading) != reading);
        outcome
    }

    fn generation(&self) -> u64 {
        self.key_set.load().as_ref().map_or(0, |m| m.generation)
    }

    async fn refresh_from(&self, reader: &KeyReader) -> Result<(), Sentence> {
        let named =
            |error: Sentence| -> Sentence { format!("{}: {error}", reader.location()).into() };
        let text = reader.read().await.map_err(named)?;
        let impronta = sha256(&text);
        let known = self.key_set.load_full();
        let same = known.as_ref().is_some_and(|known| known.digest == impronta);
        let text = std::str::from_utf8(&text).map_err(|_| named("is not UTF-8".into()))?;
        let parsed = if reader.location().is_file() {
            Jwks::parse(text).map(|jwks| (jwks, Vec::new()))
        } else {
            Jwks::parse_foreign(text)
        };
        let (jwks, discarded) = parsed.map_err(|error| named(error.into()))?;
        telemetry::record_skipped(&reader.location().to_string(), discarded.len());
        let before = known.map_or(0, |known| known.generation);
        if !same {
            for SkippedKey {
                name: nome,
                reason: motivo,
            } in discarded
            {
                tracing::warn!(fonte = %reader.location(), key = nome, "key left out: it {motivo}");
            }
            tracing::info!(fonte = %reader.location(), chiavi = ?jwks, "keys are known");
        }
        self.key_set.store(Some(Arc::new(KeySet {
            jwks,
            generation: if same { before } else { before + 1 },
            digest: impronta,
            read_at: self.clock.now(),
        })));
        Ok(())
    }
}

async fn outcome(mut asking: watch::Receiver<FetchOutcome>) -> Result<(), Arc<str>> {
    let ended = asking.wait_for(Option::is_some).await;
    ended
        .ok()
        .and_then(|outcome| outcome.clone())
        .unwrap_or_else(|| Err("the asking was interrupted".into()))
}
