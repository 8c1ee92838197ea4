//! What is made of the rilevazioni in use, in memory: read once, shared by all calls.
//!
//! ```text
//! 64 calls for rilevazione 7 ──► its place ──┬── filled? ──► the same sums for all
//!                                            └── empty? one reads them, 63 wait for what it read
//! ```
//!
//! There are so many places. A rilevazione that has none takes that of the one asked for longest ago; the next question for it reads it
//! again. Which rilevazione was asked for when is kept exactly, and not estimated as a cache of thousands would: of a handful, an estimate
//! keeps the wrong one.
//!
//! At most two are read at the same time, so that callers who walk through all the rilevazioni at once do not fill the memory
//! with what is on its way either.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OnceCell, Semaphore};

use crate::error::{Error, Result};

/// Rilevazioni that are read at the same time.
const MAX_READS: usize = 2;

type CachedValue<T> = Arc<OnceCell<Arc<T>>>;

/// Something of the rilevazioni in use, by number or by number and more. Cheap to clone.
#[derive(Debug)]
pub struct RilevazioneCache<T, K = i32>(Arc<RilevazioneCacheInner<T, K>>);

#[derive(Debug)]
struct RilevazioneCacheInner<T, K> {
    slots: usize,
    /// By key; the one asked for last comes first.
    in_use: Mutex<VecDeque<(K, CachedValue<T>)>>,
    readings: Semaphore,
}

impl<T, K> Clone for RilevazioneCache<T, K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T, K: Clone + Eq> RilevazioneCache<T, K> {
    /// Of so many keys, at least one.
    #[must_use]
    pub fn new(slots: usize) -> Self {
        Self(Arc::new(RilevazioneCacheInner {
            slots: slots.max(1),
            in_use: Mutex::default(),
            readings: Semaphore::new(MAX_READS),
        }))
    }

    /// What is known of a rilevazione that is committed, which `read` reads where it is not in memory.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn get(&self, key: K, read: impl AsyncFnOnce() -> Result<T>) -> Result<Arc<T>> {
        let slot = self.slot(key);
        if let Some(value) = slot.get() {
            return Ok(Arc::clone(value));
        }
        // The reader may go away or fail; then another of the waiters reads.
        let value = slot.get_or_try_init(|| async {
            let _one = self.0.readings.acquire().await.map_err(Error::internal)?;
            Ok::<_, Error>(Arc::new(read().await?))
        });
        value.await.map(Arc::clone)
    }

    /// What has a place, the one asked for last first.
    #[must_use]
    pub fn in_use(&self) -> Vec<K> {
        let in_use = self.0.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.iter().map(|(key, _)| key.clone()).collect()
    }

    fn slot(&self, key: K) -> CachedValue<T> {
        // No panic leaves the list half changed: what it holds is good.
        let mut in_use = self.0.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        let found = in_use
            .iter()
            .position(|(known, _)| *known == key)
            .and_then(|at| in_use.remove(at));
        let slot = found.map(|(_, slot)| slot).unwrap_or_default();
        in_use.push_front((key, Arc::clone(&slot)));
        in_use.truncate(self.0.slots);
        slot
    }
}
