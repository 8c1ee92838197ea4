//! The SQL of a comparison: control totals and appropriations of both rilevazioni, and the rows that one has and the other has not.

use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool};

use super::{
    comparison::{Comparison, PairComparison, RowCounts},
    confronto::ComparedSelection,
    history::HistoryFigures,
};
use crate::{
    abilitazione::Permesso,
    error::{Error, Result},
    postgres::repeatable_read,
    rilevazione::control,
    valori::{CodiceNormativa, CodicePrestazione, Importo},
};

/// Two rilevazioni compared, whole: of all norms, for all callers. Every total is one that its load left.
///
/// # Errors
/// [`crate::error::Reason::DerivedDataDamaged`]: a total is not. The database's.
pub(super) async fn comparison(
    pool: &PgPool,
    _permesso: &Permesso<ComparedSelection>,
    (before, after): (i32, i32),
) -> Result<Comparison> {
    let mut tx = repeatable_read(pool).await?;
    let mut comparison = Comparison::default();
    add_figures(&mut tx, &mut comparison, before, |pair| &mut pair.before).await?;
    add_figures(&mut tx, &mut comparison, after, |pair| &mut pair.after).await?;
    add_rows(&mut tx, &mut comparison, before, after).await?;
    tx.rollback().await?;
    Ok(comparison)
}

async fn add_figures(
    conn: &mut PgConnection,
    comparison: &mut Comparison,
    numero: i32,
    side: fn(&mut PairComparison) -> &mut HistoryFigures,
) -> Result<()> {
    for one in control::sealed_totals(&mut *conn, numero).await? {
        side(entry(comparison, &one.normativa, &one.prestazione)?).sums = one.sums;
    }
    let stanziamenti: Vec<(String, String, Decimal)> = sqlx::query_as(
        "select normativa, prestazione, sum(importo)
         from stanziamento
         where dal_rilevazione <= $1 and al_rilevazione >= $1
         group by normativa, prestazione",
    )
    .bind(numero)
    .fetch_all(conn)
    .await?;
    for (normativa, prestazione, importo) in stanziamenti {
        let figures = side(entry(comparison, &normativa, &prestazione)?);
        figures.stanziati = Some(Importo::from(importo));
    }
    Ok(())
}

/// Rows of the lower number that end before the higher, and those of the higher that begin after the lower: joined by their natural key. One
/// that ended and came back as it was is in both, and is no difference.
async fn add_rows(
    conn: &mut PgConnection,
    comparison: &mut Comparison,
    before: i32,
    after: i32,
) -> Result<()> {
    let rows: Vec<(String, String, i64, i64, i64)> = sqlx::query_as(
        "with prima as (
             select * from dettaglio_decreto
             where dal_rilevazione <= $1 and al_rilevazione between $1 and $2 - 1
         ),
         dopo as (
             select * from dettaglio_decreto
             where dal_rilevazione between $1 + 1 and $2 and al_rilevazione >= $2
         )
         select normativa, prestazione,
                count(*) filter (where prima.id is null),
                count(*) filter (where (prima.validita_al, prima.ore_decretate, prima.importi_autorizzati, prima.importi_erogati)
                                    <> (dopo.validita_al, dopo.ore_decretate, dopo.importi_autorizzati, dopo.importi_erogati)),
                count(*) filter (where dopo.id is null)
         from prima
         full join dopo using
             (codifica_sistema_unico, numero_decreto, data_decreto, cf_azienda, matricola_azienda, validita_dal, normativa, prestazione)
         group by normativa, prestazione",
    )
    .bind(before.min(after))
    .bind(before.max(after))
    .fetch_all(conn)
    .await?;
    for (normativa, prestazione, new, changed, gone) in rows {
        let (new, gone) = if before <= after {
            (new, gone)
        } else {
            (gone, new)
        };
        entry(comparison, &normativa, &prestazione)?.rows = RowCounts { new, changed, gone };
    }
    Ok(())
}

/// Of codes that the load has checked.
fn entry<'a>(
    comparison: &'a mut Comparison,
    normativa: &str,
    prestazione: &str,
) -> Result<&'a mut PairComparison> {
    let normativa = CodiceNormativa::parse(normativa).map_err(Error::internal)?;
    let prestazione = CodicePrestazione::parse(prestazione).map_err(Error::internal)?;
    Ok(comparison.0.entry((normativa, prestazione)).or_default())
}
