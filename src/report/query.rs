//! The SQL of the report: the sums of a rilevazione, and what the filters may hold.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use futures_util::TryStreamExt as _;
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder};

use super::{
    filtro::FiltroReport,
    prefix_sums::{DayImporti, Importi, PairSums, PrefixSums},
    stanziamenti::stanziamenti,
};
use crate::{
    abilitazione::{Ambito, Permesso},
    contract::column::Column,
    error::{Error, Result},
    postgres::{from_row, predicates::in_rilevazione, repeatable_read},
    rilevazione::control::{self, ControlDigest, Noted, SumsDigest},
    valori::{CodiceNormativa, CodicePrestazione, Importo},
};

/// A norm or a benefit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogEntry {
    /// Stable code; `None` where the caller does not see it.
    pub codice: Option<String>,
    /// In Italian; `None` where the caller does not see it.
    pub descrizione: Option<String>,
}

from_row!(CatalogEntry {
    codice,
    descrizione
});

/// The sums of a rilevazione, whole: of all norms, for all callers ([`super::cache`]). They are read for one who was let in, and
/// are what the load noted ([`crate::rilevazione::control`]).
///
/// # Errors
/// [`crate::error::Reason::DerivedDataDamaged`]: they are not. The database's.
pub async fn prefix_sums(
    pool: &PgPool,
    _permesso: &Permesso<FiltroReport>,
    rilevazione: i32,
) -> Result<PrefixSums> {
    // Of one moment: they may be made again meanwhile.
    let mut tx = repeatable_read(pool).await?;
    let noted = control::sealed_totals(&mut tx, rilevazione).await?;
    let mut coppie = BTreeMap::new();
    add_days(&mut tx, &mut coppie, rilevazione, noted).await?;
    for ((normativa, prestazione), stanziamento) in stanziamenti(&mut tx, rilevazione).await? {
        pair_entry(&mut coppie, normativa, prestazione)?.add_stanziamento(stanziamento);
    }
    tx.rollback().await?;
    Ok(PrefixSums::new(coppie.into_values().collect()))
}

type PairMap = BTreeMap<(String, String), PairSums>;
type ReportDayRow = (
    String,
    String,
    NaiveDate,
    Decimal,
    Decimal,
    Decimal,
    Decimal,
);

/// Adds the days, which have to be those that were noted.
async fn add_days(
    conn: &mut PgConnection,
    coppie: &mut PairMap,
    rilevazione: i32,
    noted: Vec<Noted>,
) -> Result<()> {
    let mut digests = BTreeMap::new();
    let mut query = QueryBuilder::new(
        "select normativa, prestazione, giorno, \
         iniziano_autorizzati, iniziano_erogati, finiscono_autorizzati, finiscono_erogati \
         from somma_giorno where ",
    );
    in_rilevazione(&mut query, rilevazione);
    query.push(" order by normativa, prestazione, giorno");
    let mut righe = query.build_query_as::<ReportDayRow>().fetch(conn);
    while let Some((normativa, prestazione, giorno, inizia_a, inizia_e, finisce_a, finisce_e)) =
        righe.try_next().await?
    {
        digests
            .entry((normativa.clone(), prestazione.clone()))
            .or_insert_with(|| SumsDigest::new(&normativa, &prestazione))
            .day(giorno, [inizia_a, inizia_e, finisce_a, finisce_e]);
        pair_entry(coppie, normativa, prestazione)?.add_day(DayImporti {
            day: giorno,
            starting: importi(inizia_a, inizia_e),
            ending: importi(finisce_a, finisce_e),
        });
    }
    let mut found: BTreeMap<(String, String), ControlDigest> = digests
        .into_iter()
        .map(|(codes, days)| (codes, days.finish()))
        .collect();
    for one in noted {
        let (normativa, prestazione) = (one.normativa, one.prestazione);
        let codes = (normativa.clone(), prestazione.clone());
        if found.remove(&codes) != Some(one.digests.days) {
            return Err(wrong_days(&normativa, &prestazione, rilevazione));
        }
    }
    match found.first_key_value() {
        None => Ok(()),
        Some(((normativa, prestazione), _)) => Err(wrong_days(normativa, prestazione, rilevazione)),
    }
}

fn wrong_days(normativa: &str, prestazione: &str, rilevazione: i32) -> Error {
    Error::damaged(format!(
        "the sums by day of {normativa} and {prestazione} in rilevazione {rilevazione} are not what its load noted"
    ))
}

/// Of a pair of codes that the load has checked.
fn pair_entry(
    coppie: &mut PairMap,
    normativa: String,
    prestazione: String,
) -> Result<&mut PairSums> {
    use std::collections::btree_map::Entry;
    Ok(match coppie.entry((normativa, prestazione)) {
        Entry::Occupied(there) => there.into_mut(),
        Entry::Vacant(new) => {
            let (normativa, prestazione) = new.key();
            let normativa = CodiceNormativa::parse(normativa).map_err(Error::internal)?;
            let prestazione = CodicePrestazione::parse(prestazione).map_err(Error::internal)?;
            new.insert(PairSums::new(normativa, prestazione))
        }
    })
}

fn importi(autorizzati: Decimal, erogati: Decimal) -> Importi {
    Importi {
        autorizzati: importo(autorizzati),
        erogati: importo(erogati),
    }
}

/// With its two places, which a zero loses on the way: sums of one scale need not be brought to one.
fn importo(mut decimal: Decimal) -> Importo {
    decimal.rescale(2);
    decimal.into()
}

/// Norms in scope, by code.
///
/// # Errors
/// The database's.
pub async fn normative<F>(pool: &PgPool, permesso: Permesso<F>) -> Result<Vec<CatalogEntry>> {
    catalog(
        pool,
        &permesso,
        Column::Normativa,
        Ambito::restrict_normative,
    )
    .await
}

/// Benefits in scope, by code.
///
/// # Errors
/// The database's.
pub async fn prestazioni<F>(pool: &PgPool, permesso: Permesso<F>) -> Result<Vec<CatalogEntry>> {
    catalog(
        pool,
        &permesso,
        Column::Prestazione,
        Ambito::restrict_prestazioni,
    )
    .await
}

/// `code`: the column of its codes, which has the name of the table.
async fn catalog<F>(
    pool: &PgPool,
    permesso: &Permesso<F>,
    code: Column,
    restringi: fn(&Ambito, &mut QueryBuilder<Postgres>),
) -> Result<Vec<CatalogEntry>> {
    let table = code.name();
    let mut query = QueryBuilder::new("select ");
    query
        .push(if permesso.may_see(code) {
            table
        } else {
            "null::text"
        })
        .push(" as codice, ")
        .push(if permesso.may_see(Column::Descrizione) {
            "descrizione"
        } else {
            "null::text"
        })
        .push(" as descrizione from ")
        .push(table)
        .push(" where true");
    restringi(permesso.ambito(), &mut query);
    query.push(" order by ").push(table);
    Ok(query.build_query_as().fetch_all(pool).await?)
}
