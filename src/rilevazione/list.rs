//! Which rilevazioni can be asked for.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgExecutor, PgPool};

use crate::{abilitazione::Permesso, contract::proto, error::Result, postgres::from_row};

/// One committed load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rilevazione {
    /// 1, 2, 3…
    pub numero: i32,
    /// The day that the data describe.
    pub data_riferimento: NaiveDate,
    /// When the load was committed.
    pub caricata_il: DateTime<Utc>,
    /// When it was withdrawn: it is never the latest again. `None`: it was not.
    pub ritirata_il: Option<DateTime<Utc>>,
}

from_row!(Rilevazione {
    numero,
    data_riferimento,
    caricata_il,
    ritirata_il,
});

/// The columns of [`Rilevazione`], and where they are.
macro_rules! select {
    () => {
        "select numero, data_riferimento, caricata_il, istante as ritirata_il \
         from rilevazione left join ritiro on ritiro.rilevazione = numero "
    };
}

/// By number; `None`: it was never given.
pub(super) async fn by_number(
    executor: impl PgExecutor<'_>,
    numero: i32,
) -> sqlx::Result<Option<Rilevazione>> {
    sqlx::query_as(concat!(select!(), "where numero = $1"))
        .bind(numero)
        .fetch_optional(executor)
        .await
}

/// The latest that is not withdrawn; `None`: there is none.
pub(super) async fn latest(executor: impl PgExecutor<'_>) -> sqlx::Result<Option<Rilevazione>> {
    sqlx::query_as(concat!(
        select!(),
        "where istante is null order by numero desc limit 1"
    ))
    .fetch_optional(executor)
    .await
}

/// When each of those that are withdrawn was.
pub(super) async fn withdrawn(
    executor: impl PgExecutor<'_>,
) -> sqlx::Result<HashMap<i32, DateTime<Utc>>> {
    let withdrawn: Vec<(i32, DateTime<Utc>)> =
        sqlx::query_as("select rilevazione, istante from ritiro")
            .fetch_all(executor)
            .await?;
    Ok(withdrawn.into_iter().collect())
}

/// At most `limit` rilevazioni with a number below `below`, newest first.
///
/// # Errors
/// The database's.
pub async fn list<F>(
    pool: &PgPool,
    _permesso: &Permesso<F>,
    below: i32,
    limit: i64,
) -> Result<Vec<Rilevazione>> {
    Ok(sqlx::query_as(concat!(
        select!(),
        "where numero < $1 order by numero desc limit $2"
    ))
    .bind(below)
    .bind(limit)
    .fetch_all(pool)
    .await?)
}

impl From<Rilevazione> for proto::Rilevazione {
    fn from(rilevazione: Rilevazione) -> Self {
        Self {
            numero: rilevazione.numero,
            data_riferimento: rilevazione.data_riferimento.to_string(),
            caricata_il: Some(instant(rilevazione.caricata_il)),
            ritirata_il: rilevazione.ritirata_il.map(instant),
        }
    }
}

/// An instant as the contract has it.
#[must_use]
pub fn instant(instant: DateTime<Utc>) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: instant.timestamp(),
        // Postgres keeps microseconds, and a leap second cannot come from it: always below 10^9.
        nanos: instant.timestamp_subsec_nanos() as i32,
    }
}
