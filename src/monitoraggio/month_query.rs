//! The SQL of a course: the sums by month of a rilevazione, and its appropriations.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use sqlx::{PgConnection, PgPool};

use super::{
    filtro::FiltroMonitoraggio,
    month_rows::{in_order, stored_months},
    month_table::{MonthTable, PairMonths},
};
use crate::{
    abilitazione::Permesso,
    error::{Error, Result},
    postgres::repeatable_read,
    report::stanziamenti::stanziamenti,
    rilevazione::control::{self, SumsDigest},
    valori::{CodiceNormativa, CodicePrestazione},
};

type Pairs = BTreeMap<(String, String), PairMonths>;

/// The sums of a rilevazione, whole: of all norms, for all callers. They are read for one who was let in, and are what the load noted.
///
/// # Errors
/// [`crate::error::Reason::DerivedDataDamaged`]: they are not. The database's.
pub(super) async fn month_table(
    pool: &PgPool,
    _permesso: &Permesso<FiltroMonitoraggio>,
    rilevazione: i32,
) -> Result<MonthTable> {
    let mut tx = repeatable_read(pool).await?;
    let mut pairs = Pairs::new();
    add_months(&mut tx, &mut pairs, rilevazione).await?;
    for (codes, stanziamento) in stanziamenti(&mut tx, rilevazione).await? {
        pair_entry(&mut pairs, codes)?.add_stanziamento(stanziamento);
    }
    tx.rollback().await?;
    Ok(MonthTable {
        pairs: pairs.into_values().collect(),
    })
}

/// Adds the months, which have to be those that were noted.
async fn add_months(conn: &mut PgConnection, pairs: &mut Pairs, rilevazione: i32) -> Result<()> {
    let noted = control::sealed_totals(&mut *conn, rilevazione).await?;
    let mut digests: BTreeMap<(String, String), SumsDigest> = BTreeMap::new();
    let mut query = stored_months(rilevazione);
    let mut months = in_order(&mut query, conn);
    while let Some(row) = months.try_next().await? {
        let codes = (row.normativa, row.prestazione);
        let new = || SumsDigest::new(&codes.0, &codes.1);
        let digest = digests.entry(codes.clone()).or_insert_with(new);
        digest.month(row.month, &row.sum);
        pair_entry(pairs, codes)?.add_month(row.month, &row.sum);
    }
    let mut found: BTreeMap<_, _> = digests
        .into_iter()
        .map(|(codes, digest)| (codes, digest.finish()))
        .collect();
    for one in noted {
        let codes = (one.normativa, one.prestazione);
        if found.remove(&codes) != Some(one.digests.months) {
            return Err(wrong_months(&codes, rilevazione));
        }
    }
    match found.first_key_value() {
        None => Ok(()),
        Some((codes, _)) => Err(wrong_months(codes, rilevazione)),
    }
}

fn wrong_months((normativa, prestazione): &(String, String), rilevazione: i32) -> Error {
    Error::damaged(format!(
        "the sums by month of {normativa} and {prestazione} in rilevazione {rilevazione} are not what its load noted"
    ))
}

/// Of a pair of codes that the load has checked.
fn pair_entry(pairs: &mut Pairs, codes: (String, String)) -> Result<&mut PairMonths> {
    use std::collections::btree_map::Entry;
    Ok(match pairs.entry(codes) {
        Entry::Occupied(there) => there.into_mut(),
        Entry::Vacant(new) => {
            let (normativa, prestazione) = new.key();
            let normativa = CodiceNormativa::parse(normativa).map_err(Error::internal)?;
            let prestazione = CodicePrestazione::parse(prestazione).map_err(Error::internal)?;
            new.insert(PairMonths::new(normativa, prestazione))
        }
    })
}
