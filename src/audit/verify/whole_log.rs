//! Reads the whole log.

use std::collections::BTreeSet;

use sqlx::{PgConnection, PgPool};

#[cfg(doc)]
use super::verification::{LogFault, VerifiedPruning};
use super::{
    anchors::{self, StoredAnchor},
    chain::ChainCheck,
    openings::{Numbers, Openings, Seen, Witness},
    verification::Verification,
};
use crate::audit::chain::{ChainDigest, ChainHead};

/// Reads the whole log at one moment. `noted`: the impronta of an anchor that was kept elsewhere. `conservazione`:
/// `audit.retention_days`, by which prunings are judged ([`VerifiedPruning::too_early`]).
///
/// # Errors
/// The database's; what is wrong with the log is no error but a [`LogFault`].
pub async fn verify(
    pool: &PgPool,
    noted: Option<ChainDigest>,
    conservazione: Option<u32>,
) -> Result<Verification, sqlx::Error> {
    let mut tx = pool
        .begin_with("begin isolation level repeatable read read only")
        .await?;
    let mut esito = Verification::default();
    let anchors = anchors::read(&mut tx, &mut esito, noted).await?;
    esito.clocks(&mut tx, &anchors).await?;
    esito
        .check_prunings(&mut tx, &anchors, conservazione)
        .await?;
    let chains: Vec<(i64, i64, Vec<u8>)> =
        sqlx::query_as("select catena, numero, impronta from audit_catena order by catena")
            .fetch_all(&mut *tx)
            .await?;
    let numbers = Numbers::read(&mut tx).await?;
    let openings = Openings::read(&mut tx).await?;
    let present: BTreeSet<i64> = chains.iter().map(|(catena, ..)| *catena).collect();
    esito.missing(&present, &anchors, &openings, numbers);
    esito.gaps = gaps(&mut tx, &anchors, numbers).await?;
    for (catena, numero, impronta) in chains {
        let mut seen = Seen::new();
        let mut inizio = ChainHead::default();
        for ancora in &anchors {
            let Some(head) = ancora.teste.get(&catena) else {
                continue;
            };
            // The last one that saw it.
            seen.insert(
                head.numero,
                vec![(Witness::Anchor(ancora.numero), head.impronta)],
            );
            if esito.is_pruned_to(ancora.numero) && head.numero > inizio.numero {
                inizio = *head;
            }
        }
        openings.add_to(catena, &mut seen);
        let head = ChainHead {
            numero,
            impronta: ChainDigest::from_slice(&impronta).unwrap_or_default(),
        };
        let catena = ChainCheck {
            catena,
            before: inizio,
            seen,
            cites: numbers.is_some_and(|numbers| catena > numbers.gapless_after),
        };
        catena.read(&mut tx, head, &mut esito).await?;
    }
    tx.rollback().await?;
    Ok(esito)
}

/// Gaps in the numbers that came from a sequence.
async fn gaps(
    connection: &mut PgConnection,
    anchors: &[StoredAnchor],
    numbers: Option<Numbers>,
) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    let Some(Numbers { gapless_after, .. }) = numbers else {
        return Ok(Vec::new());
    };
    let named: BTreeSet<i64> = anchors
        .iter()
        .flat_map(|ancora| ancora.teste.keys().copied())
        .collect();
    sqlx::query_as(
        "with nota as (
             select catena from audit_catena where catena <= $2
             union select n from unnest($1::bigint[]) as n where n <= $2
             -- What comes after the last of them.
             union select $2 + 1
         )
         select prima + 1, catena - 1
         from (select catena, lag(catena, 1, 0::bigint) over (order by catena) as prima from nota) as n
         where catena > prima + 1
         order by catena",
    )
    .bind(named.into_iter().collect::<Vec<_>>())
    .bind(gapless_after)
    .fetch_all(connection)
    .await
}
