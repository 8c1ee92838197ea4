//! Keys that stay fresh.
//!
//! ```text
//!  0 s   fetched ── set 1
//! 240 s  a fifth of the cache time ahead: fetched in the background, calls do not wait ── set 2
//! 300 s  a token of an unknown kid: one fetch, all who wait share it; none within `min_interval` of the last
//!  …     the source does not answer: the keys known are believed until `limit` after the last good answer
//! 21600 s then nothing of this issuer is: KEYS_UNAVAILABLE
//! ```
//!
//! A file is followed as the policy and the certificates are: what it holds is in force within a second, and it is believed for
//! [`KeyFreshness::file_max_age`] after it was last read well, which is minutes. Another party's endpoint may be down for hours, and we
//! cannot mend it; a file is ours, and one that cannot be read may be the one that withdraws a key.
//!
//! Each set that differs from the last has a new generation. A cache of what a key has verified keeps the
//! generation too, and verifies again when it differs: a key that was withdrawn is out with the next set.

use std::{fmt, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::{
    fetch::{Fetches, KeyReading, KeySet, KeySourceInner},
    jwks::Jwks,
    key_freshness::KeyFreshness,
    key_location::{KeyLocation, KeyReader},
    sha256::Sha256Digest,
};
use crate::{
    clock::Clock,
    error::{Error, Reason, Result, Sentence},
};

/// The keys of one issuer, or of the consumers. Cheap to clone.
#[derive(Clone)]
pub struct KeySource {
    inner: Arc<KeySourceInner>,
    /// Ends with the last clone.
    _refresher: Option<Arc<AbortOnDropHandle<()>>>,
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key_set = self.inner.key_set.load();
        f.debug_struct("KeySource")
            .field("fonte", &self.inner.key_reader)
            .field("jwks", &key_set.as_ref().map(|key_set| &key_set.jwks))
            .finish_non_exhaustive()
    }
}

impl KeySource {
    /// Keys that never change.
    #[must_use]
    pub fn fixed(jwks: Jwks, clock: Clock) -> Self {
        let freshness = KeyFreshness {
            refresh_after: Duration::MAX,
            min_interval: Duration::MAX,
            max_age: Duration::MAX,
            file_max_age: Duration::MAX,
        };
        let key_set = KeySet {
            jwks,
            generation: 1,
            digest: [0; 32],
            read_at: clock.now(),
        };
        let inner = KeySourceInner {
            key_reader: None,
            freshness,
            key_set: ArcSwapOption::from_pointee(key_set),
            fetches: Fetches::default(),
            reading: watch::Sender::new(KeyReading {
                good: true,
                generation: 1,
            }),
            clock,
        };
        Self {
            inner: Arc::new(inner),
            _refresher: None,
        }
    }

    /// Keys from a source, read now and kept fresh from now on.
    ///
    /// # Errors
    /// A file that cannot be read or is no JWK set. A URL that does not answer is tried again in the background.
    pub async fn from_location(
        source: KeyLocation,
        freshness: KeyFreshness,
        clock: Clock,
    ) -> Result<Self, Sentence> {
        let is_file = source.is_file();
        let inner = Arc::new(KeySourceInner {
            key_reader: Some(KeyReader::new(source)?),
            freshness,
            key_set: ArcSwapOption::empty(),
            fetches: Fetches::default(),
            reading: watch::Sender::new(KeyReading::default()),
            clock,
        });
        match inner.fetch().await {
            Err(error) if is_file => return Err(error.to_string().into()),
            Err(error) => {
                tracing::error!(%error, "keys cannot be had: calls are refused until they can")
            }
            Ok(()) => {}
        }
        let refresh = tokio::spawn(Arc::clone(&inner).keep_fresh());
        Ok(Self {
            inner,
            _refresher: Some(Arc::new(AbortOnDropHandle::new(refresh))),
        })
    }

    /// The keys.
    ///
    /// # Errors
    /// [`Reason::KeysUnavailable`]: their source has not answered for too long.
    pub(super) fn key_set(&self) -> Result<Arc<KeySet>> {
        let key_set = self.inner.key_set.load_full();
        key_set
            .filter(|key_set| self.inner.is_fresh(key_set))
            .ok_or_else(|| {
                Error::new(
                    Reason::KeysUnavailable,
                    "the keys of the issuer cannot be had at present; try again",
                )
            })
    }

    /// How the last reading of their source went; the receiver learns of every change.
    pub(super) fn reading(&self) -> watch::Receiver<KeyReading> {
        self.inner.reading.subscribe()
    }

    #[cfg(test)]
    pub(super) fn key_reader(&self) -> Option<&KeyReader> {
        self.inner.key_reader.as_ref()
    }

    /// The SHA-256 of the set that is known.
    pub(super) fn digest(&self) -> Option<Sha256Digest> {
        self.inner
            .key_set
            .load()
            .as_ref()
            .map(|key_set| key_set.digest)
    }

    /// Whether this is the set that is known, and may be believed.
    pub(super) fn is_generation(&self, generation: u64) -> bool {
        self.inner
            .key_set
            .load()
            .as_ref()
            .is_some_and(|key_set| key_set.generation == generation && self.inner.is_fresh(key_set))
    }

    /// The keys, asked for again if this kid is not among them and the last time is long enough ago.
    ///
    /// # Errors
    /// As [`KeySource::key_set`].
    pub(super) async fn key_set_with(&self, kid: &str) -> Result<Arc<KeySet>> {
        let known = self.key_set();
        if known
            .as_ref()
            .is_ok_and(|key_set| key_set.jwks.get(kid).is_some())
        {
            return known;
        }
        self.inner.fetch_for_unknown().await;
        self.key_set()
    }
}

impl KeySourceInner {
    fn is_fresh(&self, key_set: &KeySet) -> bool {
        // A clock that was set back makes nothing older.
        let age = (self.clock.now() - key_set.read_at)
            .to_std()
            .unwrap_or_default();
        let reader = self.key_reader.as_ref();
        let limit = match reader.is_some_and(|reader| reader.location().is_file()) {
            true => self.freshness.file_max_age,
            false => self.freshness.max_age,
        };
        age <= limit
    }
}
