//! Pruning: what is older than the retention goes, and what is left stays provable.
//!
//! Records are removed from the beginning of each chain up to where an anchor saw it, and never to another place: the first
//! record that is left is then proved by the anchor's impronta instead of by its predecessor. That it was done, when and by whom
//! is kept (`audit_potatura`): a beginning that is missing without that is a record removed.
//!
//! An anchor whose day is earlier than that of an anchor before it has seen more than its day says: it is passed over, so that a clock
//! that was once behind removes nothing too early. A day after today is known to be false and counts for nothing.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgPool;

use super::ancora::Ancora;
use crate::error::Sentence;

/// What a pruning did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Potatura {
    /// The anchor up to which records were removed.
    pub ancora: i64,
    /// Its day: what is left begins there.
    pub giorno: NaiveDate,
    /// How many records were removed.
    pub righe: u64,
}

/// Removes what an anchor of `prima_di` or earlier has seen, as the database's owner. `None`: there is no such anchor.
///
/// # Errors
/// A sentence.
pub async fn pota(
    owner: &PgPool,
    prima_di: NaiveDate,
    adesso: DateTime<Utc>,
    chi: &str,
) -> Result<Option<Potatura>, Sentence> {
    let mut tx = owner.begin().await?;
    let found: Option<(i64, NaiveDate, String)> = sqlx::query_as(
        "select numero, giorno, ancora from audit_ancora a
         where giorno <= $1 and not exists (
             select from audit_ancora b where b.numero < a.numero and b.giorno > $1 and b.giorno <= $2
         )
         order by numero desc limit 1",
    )
    .bind(prima_di)
    .bind(adesso.date_naive())
    .fetch_optional(&mut *tx)
    .await?;
    let Some((numero, giorno, testo)) = found else {
        return Ok(None);
    };
    let ancora: Ancora = serde_json::from_str(&testo).map_err(|error| {
        format!("anchor {numero} cannot be read ({error}): run `omnia audit verify`")
    })?;
    let (catene, numeri): (Vec<i64>, Vec<i64>) =
        ancora.teste.iter().map(|t| (t.catena, t.numero)).unzip();
    let righe = sqlx::query(
        "delete from audit_registro r using unnest($1::bigint[], $2::bigint[]) as t (catena, numero)
         where r.catena = t.catena and r.numero <= t.numero",
    )
    .bind(catene)
    .bind(numeri)
    .execute(&mut *tx)
    .await?
    .rows_affected();
    sqlx::query("insert into audit_potatura (ancora, quando, chi, righe) values ($1, $2, $3, $4)")
        .bind(numero)
        .bind(adesso)
        .bind(chi)
        .bind(i64::try_from(righe)?)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(Some(Potatura {
        ancora: numero,
        giorno,
        righe,
    }))
}
