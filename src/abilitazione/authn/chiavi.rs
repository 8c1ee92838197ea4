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
//! A file is followed as the policy and the certificates are: what it holds is in force within a second, and it is believed for
//! `limite_file` after it was last read well, which is minutes. Others' endpoints may be down for hours, which nobody here can
//! mend; a file is ours, and one that cannot be read may be the one that withdraws a key.
//!
//! Each set that differs from the last has a new generation. Whoever keeps what a key has verified keeps the
//! generation too, and verifies again where it is another: a key that was withdrawn is out with the next set.

use std::{fmt, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::{
    fetch::Fetches,
    fonte::{FonteChiavi, Lettore},
    impronta::Impronta,
    jwks::Jwks,
};
use crate::{
    clock::Clock,
    error::{Error, Reason, Result, Sentence},
};

/// How keys are kept fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freschezza {
    /// How long after a fetch the next one is made in the background.
    pub rinnovo: Duration,
    /// The shortest time between two fetches that unknown kids cause.
    pub intervallo: Duration,
    /// How long keys of a URL are believed after the last good answer.
    pub limite: Duration,
    /// How long those of a file are, after it was last read well.
    pub limite_file: Duration,
}

/// How the last reading of a source went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Reading {
    /// Whether what the source says is in force.
    pub(super) good: bool,
    /// The generation that is.
    pub(super) generazione: u64,
}

/// A set, and since when it is known.
pub(super) struct Mazzo {
    pub(super) jwks: Jwks,
    pub(super) generazione: u64,
    pub(super) impronta: Impronta,
    /// The last good answer.
    pub(super) letto_il: DateTime<Utc>,
}

/// The keys of one issuer, or of the consumers. Cheap to clone.
#[derive(Clone)]
pub struct Chiavi {
    inner: Arc<Inner>,
    /// Ends with the last clone.
    _rinnovo: Option<Arc<AbortOnDropHandle<()>>>,
}

pub(super) struct Inner {
    /// `None`: the keys never change.
    pub(super) lettore: Option<Lettore>,
    pub(super) freschezza: Freschezza,
    pub(super) mazzo: ArcSwapOption<Mazzo>,
    pub(super) fetches: Fetches,
    /// How the last reading went.
    pub(super) reading: watch::Sender<Reading>,
    pub(super) clock: Clock,
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
            limite_file: Duration::MAX,
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
            fetches: Fetches::default(),
            reading: watch::Sender::new(Reading {
                good: true,
                generazione: 1,
            }),
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
            fetches: Fetches::default(),
            reading: watch::Sender::new(Reading::default()),
            clock,
        });
        match inner.fetch().await {
            Err(error) if is_file => return Err(error.to_string().into()),
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

    /// How the last reading of their source went; the receiver learns of every change.
    pub(super) fn reading(&self) -> watch::Receiver<Reading> {
        self.inner.reading.subscribe()
    }

    #[cfg(test)]
    pub(super) fn lettore(&self) -> Option<&Lettore> {
        self.inner.lettore.as_ref()
    }

    /// The SHA-256 of the set that is known.
    pub(super) fn impronta(&self) -> Option<Impronta> {
        self.inner.mazzo.load().as_ref().map(|mazzo| mazzo.impronta)
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
        self.inner.fetch_for_unknown().await;
        self.mazzo()
    }
}

impl Inner {
    fn is_fresco(&self, mazzo: &Mazzo) -> bool {
        // A clock that was set back makes nothing older.
        let age = (self.clock.now() - mazzo.letto_il)
            .to_std()
            .unwrap_or_default();
        let lettore = self.lettore.as_ref();
        let limite = match lettore.is_some_and(|lettore| lettore.fonte().is_file()) {
            true => self.freschezza.limite_file,
            false => self.freschezza.limite,
        };
        age <= limite
    }
}
