//! Whether an extract is loaded already: as a rilevazione of the same day that has the same rows.
//!
//! The rows themselves are compared, and no fingerprint of them: they are all there, and those of the extract lie beside them.
//! So no two extracts are ever taken for one another, whatever is in them; a rilevazione of any age is recognised; and an extract of a
//! day that has none, as nearly all are, costs nothing. Order, separators, quotes, marks and line ends are not part of it: what was
//! read does not have them. (Nor is the catalogue: its descriptions are not versioned.) One that is
//! withdrawn is not it: the extract may be loaded again.

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::merge::{same_key, same_row, same_stanziamento};

/// The rilevazione that the extract in the temporary tables is, if it is one. `righe`, `stanziamenti`: how many it has.
pub(super) async fn already_loaded(
    conn: &mut PgConnection,
    data_riferimento: NaiveDate,
    righe: u64,
    stanziamenti: u64,
) -> sqlx::Result<Option<i32>> {
    let of_that_day: Vec<i32> = sqlx::query_scalar(
        "select numero from rilevazione
         where data_riferimento = $1 and not exists (select from ritiro where ritiro.rilevazione = numero)
         order by numero desc",
    )
    .bind(data_riferimento)
    .fetch_all(&mut *conn)
    .await?;
    for numero in of_that_day {
        if counts(conn, numero).await? == (righe, stanziamenti) && holds(conn, numero).await? {
            return Ok(Some(numero));
        }
    }
    Ok(None)
}

async fn counts(conn: &mut PgConnection, numero: i32) -> sqlx::Result<(u64, u64)> {
    let (righe, stanziamenti): (i64, i64) = sqlx::query_as(
        "select (select count(*) from dettaglio_decreto where dal_rilevazione <= $1 and al_rilevazione >= $1),
                (select count(*) from stanziamento where dal_rilevazione <= $1 and al_rilevazione >= $1)",
    )
    .bind(numero)
    .fetch_one(conn)
    .await?;
    Ok((righe.cast_unsigned(), stanziamenti.cast_unsigned()))
}

/// Whether it has every row of the extract. No key occurs twice in either: with as many rows they are the same ones.
async fn holds(conn: &mut PgConnection, numero: i32) -> sqlx::Result<bool> {
    sqlx::query_scalar(concat!(
        "select not exists (
             select from estratto_stanziamenti estratto
             where not exists (
                 select from stanziamento versione
                 where dal_rilevazione <= $1 and al_rilevazione >= $1 and ",
        same_stanziamento!(),
        "))
         and not exists (
             select from estratto_decreti estratto
             where not exists (
                 select from dettaglio_decreto versione
                 where dal_rilevazione <= $1 and al_rilevazione >= $1 and ",
        same_row!(),
        "))"
    ))
    .bind(numero)
    .fetch_one(conn)
    .await
}
