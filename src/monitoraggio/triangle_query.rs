//! The SQL of a triangle: the sums by month of a norm and a benefit, in the last rilevazione of each month of the history.

use std::collections::BTreeMap;

use sqlx::{PgConnection, PgPool};

use super::{
    history::HistoryRilevazione,
    month_rows::{self, VersionedMonth},
    pair::Pair,
    storia_query,
    triangle::{Cell, Triangle},
};
use crate::{
    abilitazione::Permesso,
    error::{Error, Result},
    postgres::repeatable_read,
    rilevazione::control::{self, Noted, SumsDigest},
    valori::Month,
};

/// The triangle of the norm and the benefit that were let in, seen from a rilevazione. Every month of it is what a load noted.
///
/// # Errors
/// [`crate::error::Reason::DerivedDataDamaged`]: a month is not. The database's.
pub(super) async fn triangle<F>(
    pool: &PgPool,
    _permesso: &Permesso<F>,
    pair: &Pair,
    rilevazione: i32,
) -> Result<Triangle> {
    let mut tx = repeatable_read(pool).await?;
    let history = storia_query::rilevazioni(&mut tx, rilevazione).await?;
    let versions = month_rows::versions(&mut tx, pair.codes(), rilevazione).await?;
    let mut triangle = Triangle::default();
    for (reference, last) in last_of_each_month(&history) {
        let numero = last.numero;
        let months: Vec<&VersionedMonth> = versions.iter().filter(|v| v.holds(numero)).collect();
        check_noted(&mut tx, pair, numero, &months).await?;
        for version in months {
            let cell = Cell {
                rilevazione: numero,
                sums: version.row.sum.dated,
            };
            triangle.add(reference, version.row.month, cell);
            if numero == rilevazione {
                triangle.total += cell.sums;
            }
        }
    }
    tx.rollback().await?;
    Ok(triangle)
}

/// By reference month: the rilevazione with the highest number, as days never go back.
pub(super) fn last_of_each_month(
    history: &[HistoryRilevazione],
) -> BTreeMap<Month, &HistoryRilevazione> {
    let months = history.iter();
    months.map(|r| (Month::of(r.data_riferimento), r)).collect()
}

/// That the months which a rilevazione has are those that its load noted.
async fn check_noted(
    conn: &mut PgConnection,
    pair: &Pair,
    numero: i32,
    months: &[&VersionedMonth],
) -> Result<()> {
    let (normativa, prestazione) = pair.codes();
    let noted = noted_of(conn, pair, numero).await?;
    let mut digest = SumsDigest::new(normativa, prestazione);
    for version in months {
        digest.month(version.row.month, &version.row.sum);
    }
    let right = match noted {
        Some(noted) => noted.digests.months == digest.finish(),
        None => months.is_empty(),
    };
    if right {
        return Ok(());
    }
    Err(Error::damaged(format!(
        "the sums by month of {normativa} and {prestazione} in rilevazione {numero} are not what its load noted"
    )))
}

/// What the load noted of a norm and a benefit in a rilevazione; `None`: it had no rows.
pub(super) async fn noted_of(
    conn: &mut PgConnection,
    pair: &Pair,
    numero: i32,
) -> Result<Option<Noted>> {
    let noted = control::sealed_totals(conn, numero).await?;
    let is_it = |one: &Noted| (one.normativa.as_str(), one.prestazione.as_str()) == pair.codes();
    Ok(noted.into_iter().find(is_it))
}
