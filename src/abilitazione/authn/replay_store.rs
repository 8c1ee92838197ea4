//! What may be used once, and was.
//!
//! The register is a table, so that a proof that one instance took is refused by all. The time is Postgres's: what is
//! written is for how long from now the proof could still be taken, whatever an instance's clock says. It forgets by
//! itself, once a minute, by a function that removes nothing that could still be taken.

use std::{sync::Arc, time::Duration};

use sqlx::PgPool;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use super::sha256::Sha256Digest;
use crate::{error::Result, telemetry::FailureLog};

const PRUNE: Duration = Duration::from_secs(60);

/// The register. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ReplayStore {
    pool: PgPool,
    /// Ends with the last clone.
    _pruner: Arc<AbortOnDropHandle<()>>,
}

impl ReplayStore {
    /// The register of a database. `pool`, which may write, is of the serving role, and of nothing else: an export must not
    /// keep a proof waiting. Inside the Tokio runtime.
    #[must_use]
    pub fn open(pool: PgPool) -> Self {
        let pruner = tokio::spawn(prune(pool.clone()));
        Self {
            pool,
            _pruner: Arc::new(AbortOnDropHandle::new(pruner)),
        }
    }

    /// Notes a use, to be remembered for so many seconds; whether it was the first.
    ///
    /// # Errors
    /// The database's: what cannot be noted is not to be taken.
    pub(super) async fn mark_used(&self, impronta: &Sha256Digest, seconds: i64) -> Result<bool> {
        let written = sqlx::query(
            "insert into prova_usata (impronta, scade) values ($1, now() + $2 * interval '1 second')
             on conflict do nothing",
        )
        .bind(impronta.as_slice())
        .bind(seconds.clamp(0, 1_000_000))
        .execute(&self.pool)
        .await?;
        Ok(written.rows_affected() == 1)
    }
}

async fn prune(pool: PgPool) {
    let log = FailureLog::warning(
        "used proofs that are too old cannot be forgotten",
        "used proofs that are too old are forgotten again",
    );
    loop {
        sleep(PRUNE).await;
        let query = sqlx::query("select prova_usata_pota()");
        log.note(&query.execute(&pool).await);
    }
}
