//! The sums by day that are stored, against those that the rows make.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use futures_util::TryStreamExt as _;
use rust_decimal::Decimal;
use sqlx::PgConnection;

use super::DerivedDefectKind;
use crate::rilevazione::control::{ControlDigest, DayDigest, Noted};

type DerivedDayRow = (String, NaiveDate, Decimal, Decimal, Decimal, Decimal);

/// The benefits whose days, in a rilevazione, are not those that the rows of the norm make.
pub(crate) async fn differ(
    conn: &mut PgConnection,
    normativa: &str,
    rilevazione: i32,
    made: &[Noted],
) -> sqlx::Result<Vec<DerivedDefectKind>> {
    let mut stored: BTreeMap<String, DayDigest> = BTreeMap::new();
    let mut rows = sqlx::query_as::<_, DerivedDayRow>(
        "select prestazione, giorno, iniziano_autorizzati, iniziano_erogati, finiscono_autorizzati, finiscono_erogati
         from somma_giorno
         where normativa = $1 and dal_rilevazione <= $2 and al_rilevazione >= $2
         order by prestazione, giorno",
    )
    .bind(normativa)
    .bind(rilevazione)
    .fetch(conn);
    while let Some((prestazione, giorno, a, b, c, d)) = rows.try_next().await? {
        let new = || DayDigest::new(normativa, &prestazione);
        match stored.get_mut(&prestazione) {
            Some(days) => days.day(giorno, [a, b, c, d]),
            None => {
                let mut days = new();
                days.day(giorno, [a, b, c, d]);
                stored.insert(prestazione, days);
            }
        }
    }
    let mut stored: BTreeMap<String, ControlDigest> = stored
        .into_iter()
        .map(|(prestazione, days)| (prestazione, days.finish()))
        .collect();
    let mut wrong = Vec::new();
    for one in made {
        if stored.remove(&one.prestazione) != Some(one.days) {
            wrong.push(DerivedDefectKind::Days(one.prestazione.clone()));
        }
    }
    // Of benefits that have no rows.
    wrong.extend(stored.into_keys().map(DerivedDefectKind::Days));
    Ok(wrong)
}

/// Where days begin, or after which they end, though no version of the norm does.
pub(crate) async fn elsewhere(
    conn: &mut PgConnection,
    normativa: &str,
    inizi: &[i32],
) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar(
        "select distinct dal_rilevazione from somma_giorno
         where normativa = $1
           and (dal_rilevazione <> all($2)
                or case when al_rilevazione < 2147483647 then al_rilevazione + 1 <> all($2) else false end)
         order by 1",
    )
    .bind(normativa)
    .bind(inizi)
    .fetch_all(conn)
    .await
}
