//! `omnia derived verify`: all that is derived, against the rows.

use sqlx::{Connection as _, PgConnection, PgPool};

use super::{
    Compared, Derivation, DerivedDefect, NormVersion,
    norms::norms,
    pass::Pass,
    version::{starts, versions},
};
use crate::rilevazione::{lock::prepare, outcome::LoadError, row_sums::RowSums};

/// Compares everything; `seen` is told of each version that was looked at, with its blocks. What is made to compare with is rolled
/// back.
///
/// # Errors
/// [`LoadError::InProgress`] while a load runs; the database's.
pub async fn verify(
    pool: &PgPool,
    derivations: &[Box<dyn Derivation>],
    mut seen: impl FnMut(&str, i32, u64),
) -> Result<Vec<DerivedDefect>, LoadError> {
    let mut conn = pool.acquire().await?;
    let mut tx = conn.begin().await?;
    prepare(&mut tx).await?;
    let (mut defects, mut noted) = (Vec::new(), Vec::new());
    for normativa in norms(&mut tx, derivations).await? {
        let defect = |(dal_rilevazione, defect)| DerivedDefect {
            normativa: Some(normativa.clone()),
            dal_rilevazione,
            defect,
        };
        let starts = starts(&mut tx, &normativa).await?;
        for version in versions(&normativa, &starts) {
            let (compared, sums) = compare(&mut tx, derivations, &version).await?;
            let from = version.dal_rilevazione;
            defects.extend(compared.defects.into_iter().map(|d| defect((from, d))));
            noted.extend(sums.noted(&version).map_err(sqlx::Error::decode)?);
            seen(&normativa, from, compared.blocks);
        }
        // What begins where nothing changes would be found by a rilevazione that is another's.
        for derivation in derivations {
            let found = derivation.elsewhere(&mut tx, &normativa, &starts).await?;
            defects.extend(found.into_iter().map(defect));
        }
    }
    for derivation in derivations {
        defects.extend(derivation.after_verify(&mut tx, &noted).await?);
    }
    tx.rollback().await?;
    Ok(defects)
}

/// Makes a version beside what is stored of it, and compares the two.
async fn compare(
    conn: &mut PgConnection,
    derivations: &[Box<dyn Derivation>],
    version: &NormVersion,
) -> sqlx::Result<(Compared, RowSums)> {
    let mut beside = conn.begin().await?;
    let mut sinks = Vec::new();
    for derivation in derivations {
        sinks.extend(derivation.begin_to_compare(&mut beside, version).await?);
    }
    let Pass { sums, sinks } = Pass::over(&mut beside, version, sinks).await?;
    let mut all = Compared::default();
    for sink in sinks {
        let Compared { blocks, defects } = sink.compare(&mut beside, &sums).await?;
        all.blocks += blocks;
        all.defects.extend(defects);
    }
    beside.rollback().await?;
    Ok((all, sums))
}
