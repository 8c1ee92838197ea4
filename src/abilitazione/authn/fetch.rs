//! Asking the source of keys: one asking at a time, shared by all who wait for it, and no lock held meanwhile.
//!
//! An asking is a task of its own, so it goes on whatever becomes of the call that caused it, and it ends: a URL has its
//! time limit, a file that of [`bounded_read`](crate::transport::bounded_read).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::{
    chiavi::{Inner, Mazzo, Reading},
    fonte::Lettore,
    impronta::sha256,
    jwks::{Jwks, Scarto},
};
use crate::{error::Sentence, telemetry};

/// How an asking ended, for all who waited. `None`: it has not yet.
type Outcome = Option<Result<(), Arc<str>>>;

/// The asking that is under way, and when the last one began.
#[derive(Default)]
pub(super) struct Fetches(Mutex<State>);

#[derive(Default)]
struct State {
    began: Option<DateTime<Utc>>,
    under_way: Option<watch::Receiver<Outcome>>,
}

impl Fetches {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Each of the two is set in one step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Asks the source, or waits for the asking that is under way.
    pub(super) async fn fetch(self: &Arc<Self>) -> Result<(), Arc<str>> {
        match self.ask(None) {
            Some(asking) => outcome(asking).await,
            None => Ok(()),
        }
    }

    /// As [`Inner::fetch`], unless the source was asked a short while ago.
    pub(super) async fn fetch_for_unknown(self: &Arc<Self>) {
        let pause = TimeDelta::from_std(self.freschezza.intervallo).unwrap_or(TimeDelta::MAX);
        if let Some(asking) = self.ask(Some(pause)) {
            // What is wrong with the source is told by whoever follows it.
            let _ = outcome(asking).await;
        }
    }

    /// The asking that is under way, or a new one; none where the last one began less than `pause` ago.
    /// Fixed keys have no source.
    fn ask(self: &Arc<Self>, pause: Option<TimeDelta>) -> Option<watch::Receiver<Outcome>> {
        self.lettore.as_ref()?;
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
            let outcome = inner.prendi().await;
            inner.fetches.lock().under_way = None;
            // Nobody may wait for it any more.
            let _ = done.send(Some(outcome.map_err(|error| error.to_string().into())));
        });
        Some(asking)
    }

    async fn prendi(&self) -> Result<(), Sentence> {
        let Some(lettore) = &self.lettore else {
            return Ok(());
        };
        let outcome = self.prendi_da(lettore).await;
        let letto_il = outcome.as_ref().ok().map(|()| self.clock.now());
        telemetry::record_keys(&lettore.fonte().to_string(), letto_il);
        let reading = Reading {
            good: outcome.is_ok(),
            generazione: self.generazione(),
        };
        self.reading
            .send_if_modified(|known| std::mem::replace(known, reading) != reading);
        outcome
    }

    fn generazione(&self) -> u64 {
        self.mazzo.load().as_ref().map_or(0, |m| m.generazione)
    }

    async fn prendi_da(&self, lettore: &Lettore) -> Result<(), Sentence> {
        let named =
            |error: Sentence| -> Sentence { format!("{}: {error}", lettore.fonte()).into() };
        let text = lettore.leggi().await.map_err(named)?;
        let impronta = sha256(&text);
        let known = self.mazzo.load_full();
        let same = known
            .as_ref()
            .is_some_and(|known| known.impronta == impronta);
        let text = std::str::from_utf8(&text).map_err(|_| named("is not UTF-8".into()))?;
        let parsed = if lettore.fonte().is_file() {
            Jwks::parse(text).map(|jwks| (jwks, Vec::new()))
        } else {
            Jwks::parse_altrui(text)
        };
        let (jwks, scarti) = parsed.map_err(|error| named(error.into()))?;
        telemetry::record_skipped(&lettore.fonte().to_string(), scarti.len());
        let before = known.map_or(0, |known| known.generazione);
        if !same {
            for Scarto { nome, motivo } in scarti {
                tracing::warn!(fonte = %lettore.fonte(), key = nome, "key left out: it {motivo}");
            }
            tracing::info!(fonte = %lettore.fonte(), chiavi = ?jwks, "keys are known");
        }
        self.mazzo.store(Some(Arc::new(Mazzo {
            jwks,
            generazione: if same { before } else { before + 1 },
            impronta,
            letto_il: self.clock.now(),
        })));
        Ok(())
    }
}

async fn outcome(mut asking: watch::Receiver<Outcome>) -> Result<(), Arc<str>> {
    let ended = asking.wait_for(Option::is_some).await;
    ended
        .ok()
        .and_then(|outcome| outcome.clone())
        .unwrap_or_else(|| Err("the asking was interrupted".into()))
}
