//! The SQL of a projection: the shares of a norm and a benefit in the last rilevazione of each month of the history, and its appropriations.

use sqlx::{PgConnection, PgPool};

use super::{
    accrual_rows::{self, VersionedShares},
    accruals::Accruals,
    pair::Pair,
    projection::KnownAt,
    storia_query,
    triangle_query::{last_of_each_month, noted_of},
};
use crate::{
    abilitazione::Permesso,
    error::{Error, Result},
    postgres::repeatable_read,
    report::{prefix_sums::Stanziamento, stanziamenti::stanziamenti},
    rilevazione::control::SumsDigest,
};

/// All that a projection needs of a norm and a benefit, seen from a rilevazione. It never changes.
#[derive(Debug)]
pub(super) struct PairKnowledge {
    /// By number; the last is the rilevazione.
    pub(super) history: Vec<KnownAt>,
    /// Of the rilevazione, by year.
    pub(super) stanziamenti: Vec<Stanziamento>,
}

/// What is known of the norm and the benefit that were let in. Every share of it is what a load noted.
///
/// # Errors
/// [`crate::error::Reason::DerivedDataDamaged`]: a share is not. The database's.
pub(super) async fn knowledge<F>(
    pool: &PgPool,
    _permesso: &Permesso<F>,
    pair: &Pair,
    rilevazione: i32,
) -> Result<PairKnowledge> {
    let mut tx = repeatable_read(pool).await?;
    let rilevazioni = storia_query::rilevazioni(&mut tx, rilevazione).await?;
    let versions = accrual_rows::versions(&mut tx, pair.codes(), rilevazione).await?;
    let mut history = Vec::new();
    for last in last_of_each_month(&rilevazioni).into_values() {
        let shares: Vec<&VersionedShares> =
            versions.iter().filter(|v| v.holds(last.numero)).collect();
        check_noted(&mut tx, pair, last.numero, &shares).await?;
        let mut accruals = Accruals::default();
        for VersionedShares { sum, .. } in shares {
            let [_, authorised, paid] = sum.amounts;
            accruals.add(sum.dated, sum.month, [authorised, paid]);
        }
        history.push(KnownAt {
            rilevazione: last.numero,
            day: last.data_riferimento,
            accruals,
        });
    }
    let stanziamenti = stanziamenti(&mut tx, rilevazione).await?;
    tx.rollback().await?;
    Ok(PairKnowledge {
        history,
        stanziamenti: stanziamenti
            .into_iter()
            .filter(|((n, p), _)| (n.as_str(), p.as_str()) == pair.codes())
            .map(|(_, stanziamento)| stanziamento)
            .collect(),
    })
}

/// That the shares which a rilevazione has are those that its load noted.
async fn check_noted(
    conn: &mut PgConnection,
    pair: &Pair,
    numero: i32,
    shares: &[&VersionedShares],
) -> Result<()> {
    let (normativa, prestazione) = pair.codes();
    let mut digest = SumsDigest::new(normativa, prestazione);
    for version in shares {
        digest.accrual(&version.sum);
    }
    let right = match noted_of(conn, pair, numero).await? {
        Some(noted) => noted.digests.accrual == digest.finish(),
        None => shares.is_empty(),
    };
    if right {
        return Ok(());
    }
    Err(Error::damaged(format!(
        "the shares of {normativa} and {prestazione} in rilevazione {numero} are not what its load noted"
    )))
}
