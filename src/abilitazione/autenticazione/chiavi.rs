//! Keys that stay fresh.
//!
//! ```text
//!  0 s   fetched ── set 1
//! 240 s  a fifth of the cache time ahead: fetched in the background, calls do not wait ── set 2
//! 300 s  a token of an unknown kid: one fetch, all who wait share it; none within `intervallo` of the last
//!  …     the source does not answer: the keys known are believed until `limite` after the last good answer
//! 21600 s then nothing of this issuer is: KEYS_UNAVAILABLE
//! ```
//!
//! Each set that differs from the last has a new generation. Whoever keeps what a key has verified keeps the
//! generation too, and verifies again where it is another: a key that was withdrawn is out with the next set.

use std::{fmt, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::{sync::Mutex, time::sleep};
use tokio_util::task::AbortOnDropHandle;

use super::{
    fonte::{FonteChiavi, Lettore},
    impronta::{Impronta, sha256},
    jwks::{Jwks, Scarto},
};
use crate::{
    clock::Clock,
    error::{Error, Reason, Result, Sentence},
    telemetry,
};

/// A file is looked at this often: it costs nothing.
const FILE: Duration = Duration::from_secs(5);

/// How keys are kept fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freschezza {
    /// How long after a fetch the next one is made in the background.
    pub rinnovo: Duration,
    /// The shortest time between two fetches that unknown kids cause.
    pub intervallo: Duration,
    /// How long keys are believed after the last good answer.
    pub limite: Duration,
}

/// A set, and since when it is known.
pub(super) struct Mazzo {
    pub(super) jwks: Jwks,
    pub(super) generazione: u64,
    impronta: Impronta,
    /// The last good answer.
    letto_il: DateTime<Utc>,
}

/// The keys of one issuer, or of the consumers. Cheap to clone.
#[derive(Clone)]
pub struct Chiavi {
    inner: Arc<Inner>,
    /// Ends with the last clone.
    _rinnovo: Option<Arc<AbortOnDropHandle<()>>>,
}

struct Inner {
    /// `None`: the keys never change.
    lettore: Option<Lettore>,
    freschezza: Freschezza,
    mazzo: ArcSwapOption<Mazzo>,
    /// When the source was last asked, well or not. Held while it is asked.
    tentativo: Mutex<Option<DateTime<Utc>>>,
    clock: Clock,
}

impl fmt::Debug for Chiavi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mazzo = self.inner.mazzo.load();
        f.debug_struct("Chiavi")
            .field("fonte", &self.inner.lettore)
            .field("jwks", &mazzo.as_ref().map(|mazzo| &mazzo.jwks))
            .finish_non_exhaustive()
    }
}

impl Chiavi {
    /// Keys that never change.
    #[must_use]
    pub fn fisse(jwks: Jwks, clock: Clock) -> Self {
        let freschezza = Freschezza {
            rinnovo: Duration::MAX,
            intervallo: Duration::MAX,
            limite: Duration::MAX,
        };
        let mazzo = Mazzo {
            jwks,
            generazione: 1,
            impronta: [0; 32],
            letto_il: clock.now(),
        };
        let inner = Inner {
            lettore: None,
            freschezza,
            mazzo: ArcSwapOption::from_pointee(mazzo),
            tentativo: Mutex::new(None),
            clock,
        };
        Self {
            inner: Arc::new(inner),
            _rinnovo: None,
        }
    }

    /// Keys from a source, read now and kept fresh from now on.
    ///
    /// # Errors
    /// A file that cannot be read or is no JWK set. A URL that does not answer is tried again in the background.
    pub async fn da(
        fonte: FonteChiavi,
        freschezza: Freschezza,
        clock: Clock,
    ) -> Result<Self, Sentence> {
        let is_file = fonte.is_file();
        let inner = Arc::new(Inner {
            lettore: Some(Lettore::new(fonte)?),
            freschezza,
            mazzo: ArcSwapOption::empty(),
            tentativo: Mutex::new(None),
            clock,
        });
        match inner.leggi().await {
            Err(error) if is_file => return Err(error),
            Err(error) => {
                tracing::error!(%error, "keys cannot be had: calls are refused until they can")
            }
            Ok(()) => {}
        }
        let rinnovo = tokio::spawn(Arc::clone(&inner).rinnova());
        Ok(Self {
            inner,
            _rinnovo: Some(Arc::new(AbortOnDropHandle::new(rinnovo))),
        })
    }

    /// The keys.
    ///
    /// # Errors
    /// [`Reason::KeysUnavailable`]: their source has not answered for too long.
    pub(super) fn mazzo(&self) -> Result<Arc<Mazzo>> {
        let mazzo = self.inner.mazzo.load_full();
        mazzo
            .filter(|mazzo| self.inner.is_fresco(mazzo))
            .ok_or_else(|| {
                Error::new(
                    Reason::KeysUnavailable,
                    "the keys of the issuer cannot be had at present; try again",
                )
            })
    }

    /// Whether this is the set that is known, and may be believed.
    pub(super) fn is_generazione(&self, generazione: u64) -> bool {
        self.inner
            .mazzo
            .load()
            .as_ref()
            .is_some_and(|mazzo| mazzo.generazione == generazione && self.inner.is_fresco(mazzo))
    }

    /// The keys, asked for again if this kid is not among them and the last time is long enough ago.
    ///
    /// # Errors
    /// As [`Chiavi::mazzo`].
    pub(super) async fn mazzo_con(&self, kid: &str) -> Result<Arc<Mazzo>> {
        let known = self.mazzo();
        if known
            .as_ref()
            .is_ok_and(|mazzo| mazzo.jwks.get(kid).is_some())
        {
            return known;
        }
        self.inner.richiedi().await;
        self.mazzo()
    }
}

impl Inner {
    fn is_fresco(&self, mazzo: &Mazzo) -> bool {
        // A clock that was set back makes nothing older.
        let age = (self.clock.now() - mazzo.letto_il)
            .to_std()
            .unwrap_or_default();
        age <= self.freschezza.limite
    }

    /// Asks the source, unless it was asked a short while ago. Whoever comes while it is asked waits for that answer.
    async fn richiedi(&self) {
        let mut tentativo = self.tentativo.lock().await;
        let now = self.clock.now();
        let pausa = TimeDelta::from_std(self.freschezza.intervallo).unwrap_or(TimeDelta::MAX);
        if tentativo.is_some_and(|last| now - last < pausa) {
            return;
        }
        *tentativo = Some(now);
        if let Err(error) = self.prendi().await {
            tracing::warn!(%error, "keys could not be fetched for an unknown kid");
        }
    }

    async fn leggi(&self) -> Result<(), Sentence> {
        let mut tentativo = self.tentativo.lock().await;
        *tentativo = Some(self.clock.now());
        self.prendi().await
    }

    /// Asks the source. Only with `tentativo` locked.
    async fn prendi(&self) -> Result<(), Sentence> {
        let Some(lettore) = &self.lettore else {
            return Ok(());
        };
        let outcome = self.prendi_da(lettore).await;
        let letto_il = outcome.as_ref().ok().map(|()| self.clock.now());
        telemetry::record_keys(&lettore.fonte().to_string(), letto_il);
        outcome
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

    async fn rinnova(self: Arc<Self>) {
        let Freschezza {
            rinnovo,
            intervallo,
            ..
        } = self.freschezza;
        let is_file = self
            .lettore
            .as_ref()
            .is_some_and(|lettore| lettore.fonte().is_file());
        let rinnovo = if is_file { FILE.min(rinnovo) } else { rinnovo };
        let mut wait = rinnovo;
        if self.mazzo.load().is_none() {
            wait = intervallo.min(rinnovo);
        }
        loop {
            sleep(wait).await;
            wait = match self.leggi().await {
                Ok(()) => rinnovo,
                Err(error) => {
                    let letto_il = self
                        .mazzo
                        .load()
                        .as_ref()
                        .map(|mazzo| mazzo.letto_il.to_rfc3339());
                    tracing::warn!(%error, letto_il, "keys cannot be refreshed: those known are kept until their limit");
                    intervallo.min(rinnovo)
                }
            };
        }
    }
}
