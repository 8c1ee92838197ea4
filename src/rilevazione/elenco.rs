//! Which rilevazioni can be asked for.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgExecutor, PgPool};

use crate::{abilitazione::Permesso, error::Result, proto};

/// One committed load.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Rilevazione {
    /// 1, 2, 3…
    pub numero: i32,
    /// The day that the data describe.
    pub data_riferimento: NaiveDate,
    /// When the load was committed.
    pub caricata_il: DateTime<Utc>,
}

/// By number; `None`: it was never given.
pub(super) async fn per_numero(
    executor: impl PgExecutor<'_>,
    numero: i32,
) -> sqlx::Result<Option<Rilevazione>> {
    sqlx::query_as(
        "select numero, data_riferimento, caricata_il from rilevazione where numero = $1",
    )
    .bind(numero)
    .fetch_optional(executor)
    .await
}

/// The latest; `None`: nothing was loaded yet.
pub(super) async fn ultima(executor: impl PgExecutor<'_>) -> sqlx::Result<Option<Rilevazione>> {
    sqlx::query_as(
        "select numero, data_riferimento, caricata_il from rilevazione order by numero desc limit 1",
    )
    .fetch_optional(executor)
    .await
}

/// At most `limite` rilevazioni with a number below `sotto`, newest first.
///
/// # Errors
/// The database's.
pub async fn elenca<F>(
    pool: &PgPool,
    _permesso: &Permesso<F>,
    sotto: i32,
    limite: i64,
) -> Result<Vec<Rilevazione>> {
    Ok(sqlx::query_as(
        "select numero, data_riferimento, caricata_il from rilevazione \
         where numero < $1 order by numero desc limit $2",
    )
    .bind(sotto)
    .bind(limite)
    .fetch_all(pool)
    .await?)
}

impl From<Rilevazione> for proto::Rilevazione {
    fn from(rilevazione: Rilevazione) -> Self {
        Self {
            numero: rilevazione.numero,
            data_riferimento: rilevazione.data_riferimento.to_string(),
            caricata_il: Some(prost_types::Timestamp {
                seconds: rilevazione.caricata_il.timestamp(),
                // Postgres keeps microseconds, and a leap second cannot come from it: always below 10^9.
                nanos: rilevazione.caricata_il.timestamp_subsec_nanos() as i32,
            }),
        }
    }
}
