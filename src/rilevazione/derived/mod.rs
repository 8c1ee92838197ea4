//! All that a load derives of the rows: compared with them ([`verify`]), or made again ([`rebuild()`]).
//!
//! ```text
//!                      made by the load              verify: from the rows, again            rebuild
//! blocks, batches      crate::blocks::blocchi                column by column, byte by byte          yes
//! sums by day          super::somme                  pair by pair, in every rilevazione      yes
//! control totals       super::control                pair by pair, and their seal            where the seal says that they were right
//! ```
//!
//! Control totals are derived too, but they are also the one thing that remembers what the rows were. So totals that differ from the
//! rows are made again where that gives what the rilevazione's seal says. Where it does not, the rows are no longer those of the load:
//! that is told, and nothing written, until the operator says that the rows are right as they are.

mod days;
mod defect;
mod rebuild;
mod totals;

use sqlx::{Connection as _, PgConnection, PgPool};

pub use self::{
    defect::{DerivedDefect, DerivedDefectKind},
    rebuild::rebuild,
};
use super::{load::prepare, outcome::LoadError};
use crate::blocks::series::verify_series;

/// Compares everything; `visto` is told of each series that was looked at, with its blocks. What is made to compare with is rolled
/// back.
///
/// # Errors
/// [`LoadError::InProgress`] while a load runs; the database's.
pub async fn verify(
    pool: &PgPool,
    righe_per_blocco: u32,
    mut visto: impl FnMut(&str, i32, i64),
) -> Result<Vec<DerivedDefect>, LoadError> {
    let mut conn = pool.acquire().await?;
    let mut tx = conn.begin().await?;
    prepare(&mut tx).await?;
    let (mut difetti, mut made) = (Vec::new(), Vec::new());
    for normativa in norms(&mut tx).await? {
        let inizi = starts(&mut tx, &normativa).await?;
        for (dal, al) in versions(&inizi) {
            let (cosa, blocchi, somme) =
                verify_series(&mut tx, &normativa, dal, al, righe_per_blocco).await?;
            let noted = somme
                .noted(&normativa, dal, al)
                .map_err(sqlx::Error::decode)?;
            let days = days::differ(&mut tx, &normativa, dal, &noted).await?;
            difetti.extend(cosa.into_iter().chain(days).map(|cosa| DerivedDefect {
                normativa: Some(normativa.clone()),
                dal_rilevazione: dal,
                kind: cosa,
            }));
            made.extend(noted);
            visto(&normativa, dal, blocchi);
        }
        // One that begins where nothing changes would be found by a rilevazione that is another's.
        for (cosa, altre) in [
            (
                DerivedDefectKind::OtherRange,
                series(&mut tx, &normativa, &inizi).await?,
            ),
            (
                DerivedDefectKind::DaysElsewhere,
                days::elsewhere(&mut tx, &normativa, &inizi).await?,
            ),
        ] {
            difetti.extend(altre.into_iter().map(|dal_rilevazione| DerivedDefect {
                normativa: Some(normativa.clone()),
                dal_rilevazione,
                kind: cosa.clone(),
            }));
        }
    }
    difetti.extend(totals::verify(&mut tx, &made).await?);
    tx.rollback().await?;
    Ok(difetti)
}

/// All norms that have, or might have, something derived.
async fn norms(conn: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select normativa from normativa
         union select normativa from serie
         union select normativa from somma_giorno
         union select normativa from totale_controllo
         order by normativa",
    )
    .fetch_all(conn)
    .await
}

/// The rilevazioni with which rows of the norm begin, or after which some ended: with each of them a version of the norm begins.
async fn starts(conn: &mut PgConnection, normativa: &str) -> sqlx::Result<Vec<i32>> {
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

/// The first and the last rilevazione of each version.
fn versions(inizi: &[i32]) -> impl Iterator<Item = (i32, i32)> {
    let next = inizi.iter().skip(1).map(|next| next - 1);
    inizi.iter().copied().zip(next.chain([i32::MAX]))
}

/// Where series of a norm begin that should not.
async fn series(conn: &mut PgConnection, normativa: &str, inizi: &[i32]) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar(
        "select dal_rilevazione from serie where normativa = $1 and dal_rilevazione <> all($2) order by 1",
    )
    .bind(normativa)
    .bind(inizi)
    .fetch_all(conn)
    .await
}
