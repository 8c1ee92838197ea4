//! The cumulative sums of the rilevazioni in use, in memory: read once, shared by all calls.
//!
//! ```text
//! 64 calls for rilevazione 7 ──► its place ──┬── filled? ──► the same sums for all
//!                                            └── empty? one reads them, 63 wait for what it read
//! ```
//!
//! There are so many places (`report.rilevazioni_in_memoria`). A rilevazione that has none takes that of the one asked for
//! longest ago; the next question for it reads it again. A place takes some 70 bytes for each norm, benefit and day. Which rilevazione was asked
//! for when is kept exactly, and not estimated as a cache of thousands would: of a handful, an estimate keeps the wrong one.
//!
//! At most two are read at the same time, so that callers who walk through all the rilevazioni at once do not fill the memory
//! with what is on its way either.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use sqlx::PgPool;
use tokio::sync::{OnceCell, Semaphore};

use super::{filtro::FiltroReport, prefix_sums::PrefixSums, query};
use crate::{
    abilitazione::Permesso,
    error::{Error, Result},
};

/// Rilevazioni that are read at the same time.
const MAX_READS: usize = 2;

type CachedSums = Arc<OnceCell<Arc<PrefixSums>>>;

/// The rilevazioni in use. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ReportCache(Arc<ReportCacheInner>);

#[derive(Debug)]
struct ReportCacheInner {
    pool: PgPool,
    slots: usize,
    /// By number; the one asked for last comes first.
    in_use: Mutex<VecDeque<(i32, CachedSums)>>,
    readings: Semaphore,
}

impl ReportCache {
    /// So many rilevazioni of a database, at least one.
    #[must_use]
    pub fn new(pool: PgPool, rilevazioni: usize) -> Self {
        Self(Arc::new(ReportCacheInner {
            pool,
            slots: rilevazioni.max(1),
            in_use: Mutex::default(),
            readings: Semaphore::new(MAX_READS),
        }))
    }

    /// The sums of a rilevazione that is committed. They are of all callers: what this one may see of them, the proof decides
    /// when the report is made.
    ///
    /// # Errors
    /// The database's.
    pub async fn prefix_sums(
        &self,
        permesso: &Permesso<FiltroReport>,
        rilevazione: i32,
    ) -> Result<Arc<PrefixSums>> {
        let posto = self.slot(rilevazione);
        if let Some(prefix_sums) = posto.get() {
            return Ok(Arc::clone(prefix_sums));
        }
        // The reader may go away or fail; then another of the waiters reads.
        let prefix_sums = posto.get_or_try_init(|| async {
            let _one = self.0.readings.acquire().await.map_err(Error::internal)?;
            let prefix_sums = query::prefix_sums(&self.0.pool, permesso, rilevazione).await?;
            Ok::<_, Error>(Arc::new(prefix_sums))
        });
        prefix_sums.await.map(Arc::clone)
    }

    /// The rilevazioni that have a place, the one asked for last first.
    #[must_use]
    pub fn in_use(&self) -> Vec<i32> {
        let in_use = self.0.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.iter().map(|(numero, _)| *numero).collect()
    }

    fn slot(&self, rilevazione: i32) -> CachedSums {
        // No panic leaves the list half changed: what it holds is good.
        let mut in_use = self.0.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        let found = in_use
            .iter()
            .position(|(numero, _)| *numero == rilevazione)
            .and_then(|at| in_use.remove(at));
        let (_, posto) = found.unwrap_or_default();
        in_use.push_front((rilevazione, Arc::clone(&posto)));
        in_use.truncate(self.0.slots);
        posto
    }
}
