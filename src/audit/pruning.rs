//! Pruning: what is older than the retention goes, and what is left stays provable.
//!
//! Records are removed from the beginning of each chain up to where an anchor saw it, and never to another place: the first
//! record that is left is then proved by the anchor's impronta instead of by its predecessor. That it was done, when and by whom
//! is kept (`audit_potatura`): a beginning that is missing without that is a record removed. The next anchor names it
//! ([`PruningRecord`]), and verification shows each.
//!
//! An anchor whose day is earlier than that of an anchor before it has seen more than its day says: it is passed over, so that a clock
//! that was once behind removes nothing too early. A day after today is known to be false and counts for nothing.

use chrono::{DateTime, Days, NaiveDate, Utc};
use sqlx::PgPool;

use super::anchor::Anchor;
#[cfg(doc)]
use super::pruning_record::PruningRecord;
use crate::error::Sentence;

/// How far a pruning goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PruningLimit {
    /// As far as a retention of these days allows (`audit.retention_days`).
    Retention(u32),
    /// To an anchor of this day or earlier, whatever the retention: somebody asked for it.
    Day(NaiveDate),
}

/// What a pruning did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    /// The anchor up to which records were removed.
    pub ancora: i64,
    /// Its day: what is left begins there.
    pub giorno: NaiveDate,
    /// How many records were removed.
    pub righe: u64,
}

impl PruningLimit {
    /// The day whose anchor, or an earlier one, is the last that may go.
    #[must_use]
    pub fn day(self, oggi: NaiveDate) -> NaiveDate {
        match self {
            Self::Day(giorno) => giorno,
            Self::Retention(giorni) => oggi
                .checked_sub_days(Days::new(giorni.into()))
                .unwrap_or(NaiveDate::MIN),
        }
    }
}

/// Removes what an anchor has seen that is as old as `limit` says, as the database's owner. `None`: there is no such anchor.
///
/// # Errors
/// A sentence.
pub async fn prune(
    owner: &PgPool,
    limit: PruningLimit,
    now: DateTime<Utc>,
    chi: &str,
) -> Result<Option<Pruned>, Sentence> {
    let oggi = now.date_naive();
    let (prima_di, conservazione) = match limit {
        PruningLimit::Day(giorno) => (Some(giorno), None),
        PruningLimit::Retention(giorni) => (None, Some(i32::try_from(giorni)?)),
    };
    let mut tx = owner.begin().await?;
    let found: Option<(i64, NaiveDate, String)> = sqlx::query_as(
        "select numero, giorno, ancora from audit_ancora a
         where giorno <= $1 and not exists (
             select from audit_ancora b where b.numero < a.numero and b.giorno > $1 and b.giorno <= $2
         )
         order by numero desc limit 1",
    )
    .bind(limit.day(oggi))
    .bind(oggi)
    .fetch_optional(&mut *tx)
    .await?;
    let Some((numero, giorno, testo)) = found else {
        return Ok(None);
    };
    let ancora: Anchor = serde_json::from_str(&testo).map_err(|error| {
        format!("anchor {numero} cannot be read ({error}): run `omnia audit verify`")
    })?;
    let (chains, numbers): (Vec<i64>, Vec<i64>) =
        ancora.teste.iter().map(|t| (t.catena, t.numero)).unzip();
    // A head is the end of a row: a chain's head and its rows are written by the same statement.
    let righe: i64 = sqlx::query_scalar(
        "with tolte as (
             delete from audit_registro r using unnest($1::bigint[], $2::bigint[]) as t (catena, numero)
             where r.catena = t.catena and r.numero + octet_length(r.impronta) / 32 - 1 <= t.numero
             returning octet_length(r.impronta) / 32 as record
         )
         select coalesce(sum(record), 0) from tolte",
    )
    .bind(chains)
    .bind(numbers)
    .fetch_one(&mut *tx)
    .await?;
    sqlx::query(
        "insert into audit_potatura (ancora, quando, chi, righe, prima_di, conservazione) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(numero)
    .bind(now)
    .bind(chi)
    .bind(righe)
    .bind(prima_di)
    .bind(conservazione)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Some(Pruned {
        ancora: numero,
        giorno,
        righe: u64::try_from(righe)?,
    }))
}
