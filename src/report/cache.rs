//! The cumulative sums of the rilevazioni in use, in memory: read once, shared by all calls.
//!
//! ```text
//! 64 calls for rilevazione 7 ──► its place ──┬── filled? ──► the same sums for all
//!                                            └── empty? one reads them, 63 wait for what it read
//! ```
//!
//! There are so many places (`report.rilevazioni_in_memoria`). A rilevazione that has none takes that of the one asked for
//! longest ago; whoever asks for it again has it read again. A place takes some 70 bytes for each norm, benefit and day. Which rilevazione was asked
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
    posti: usize,
    /// By number; the one asked for last comes first.
    in_uso: Mutex<VecDeque<(i32, CachedSums)>>,
    letture: Semaphore,
}

impl ReportCache {
    /// So many rilevazioni of a database, at least one.
    #[must_use]
    pub fn new(pool: PgPool, rilevazioni: usize) -> Self {
        Self(Arc::new(ReportCacheInner {
            pool,
            posti: rilevazioni.max(1),
            in_uso: Mutex::default(),
            letture: Semaphore::new(MAX_READS),
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
        if let Some(cumuli) = posto.get() {
            return Ok(Arc::clone(cumuli));
        }
        // Whoever reads may go away or fail: then another of those who wait reads.
        let cumuli = posto.get_or_try_init(|| async {
            let _one = self.0.letture.acquire().await.map_err(Error::internal)?;
            let cumuli = query::prefix_sums(&self.0.pool, permesso, rilevazione).await?;
            Ok::<_, Error>(Arc::new(cumuli))
        });
        cumuli.await.map(Arc::clone)
    }

    /// The rilevazioni that have a place, the one asked for last first.
    #[must_use]
    pub fn in_use(&self) -> Vec<i32> {
        let in_uso = self.0.in_uso.lock().unwrap_or_else(PoisonError::into_inner);
        in_uso.iter().map(|(numero, _)| *numero).collect()
    }

    fn slot(&self, rilevazione: i32) -> CachedSums {
        // No panic leaves the list half changed: what it holds is good.
        let mut in_uso = self.0.in_uso.lock().unwrap_or_else(PoisonError::into_inner);
        let found = in_uso
            .iter()
            .position(|(numero, _)| *numero == rilevazione)
            .and_then(|at| in_uso.remove(at));
        let (_, posto) = found.unwrap_or_default();
        in_uso.push_front((rilevazione, Arc::clone(&posto)));
        in_uso.truncate(self.0.posti);
        posto
    }
}
