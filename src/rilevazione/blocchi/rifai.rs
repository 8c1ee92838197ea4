//! `omnia blocks rebuild`: all blocks of a norm, from its rows.

use sqlx::{Connection as _, PgConnection, PgPool};

use super::{Fatti, crea};
use crate::rilevazione::{carica::prepara, esito::LoadError};

/// Makes the blocks of these norms again, norm after norm, each in one transaction; without any, those of all. `fatto` is told
/// of each. An export under way goes on: where its blocks are gone it finds the new ones, which end where those ended.
///
/// # Errors
/// [`LoadError::InCorso`] while a load runs; the database's.
pub async fn rifai(
    pool: &PgPool,
    normative: &[String],
    righe_per_blocco: u32,
    mut fatto: impl FnMut(&str, Fatti),
) -> Result<(), LoadError> {
    let mut conn = pool.acquire().await?;
    let tutte: Vec<String> = sqlx::query_scalar(
        "select normativa from normativa union select normativa from serie order by normativa",
    )
    .fetch_all(&mut *conn)
    .await?;
    for normativa in tutte {
        if !normative.is_empty() && !normative.contains(&normativa) {
            continue;
        }
        let mut tx = conn.begin().await?;
        prepara(&mut tx).await?;
        let fatti = norma(&mut tx, &normativa, righe_per_blocco).await?;
        tx.commit().await?;
        fatto(&normativa, fatti);
    }
    Ok(())
}

async fn norma(
    conn: &mut PgConnection,
    normativa: &str,
    righe_per_blocco: u32,
) -> sqlx::Result<Fatti> {
    sqlx::query("delete from serie where normativa = $1")
        .bind(normativa)
        .execute(&mut *conn)
        .await?;
    let mut fatti = Fatti::default();
    let inizi = inizi(conn, normativa).await?;
    for (at, dal) in inizi.iter().enumerate() {
        let al = inizi.get(at + 1).map_or(i32::MAX, |next| next - 1);
        let (serie, _) = crea(conn, normativa, *dal, al, righe_per_blocco).await?;
        fatti.blocchi += serie.blocchi;
        fatti.righe += serie.righe;
    }
    Ok(fatti)
}

/// The rilevazioni with which rows of the norm begin, or after which some ended: each begins a series.
pub(super) async fn inizi(conn: &mut PgConnection, normativa: &str) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar(
        "select dal_rilevazione from dettaglio_decreto where normativa = $1
         union
         select al_rilevazione + 1 from dettaglio_decreto where normativa = $1 and al_rilevazione < 2147483647
         order by 1",
    )
    .bind(normativa)
    .fetch_all(conn)
    .await
}
