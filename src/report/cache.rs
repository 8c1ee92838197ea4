//! The cumulative sums of the rilevazioni in use, in memory ([`RilevazioneCache`]). They take some 70 bytes for each norm, benefit and day.

use std::sync::Arc;

use sqlx::PgPool;

use super::{filtro::FiltroReport, prefix_sums::PrefixSums, query};
use crate::{abilitazione::Permesso, error::Result, rilevazione::cache::RilevazioneCache};

/// The rilevazioni in use. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ReportCache {
    pool: PgPool,
    sums: RilevazioneCache<PrefixSums>,
}

impl ReportCache {
    /// So many rilevazioni of a database, at least one.
    #[must_use]
    pub fn new(pool: PgPool, rilevazioni: usize) -> Self {
        Self {
            pool,
            sums: RilevazioneCache::new(rilevazioni),
        }
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
        let read = async || query::prefix_sums(&self.pool, permesso, rilevazione).await;
        self.sums.get(rilevazione, read).await
    }

    /// The rilevazioni that have a place, the one asked for last first.
    #[must_use]
    pub fn in_use(&self) -> Vec<i32> {
        self.sums.in_use()
    }
}
