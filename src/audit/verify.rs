//! Whether the log is as it was written, and where it is not.
//!
//! Each chain is read from its beginning, or from the anchor that it was pruned to. A record is checked against what stands
//! before it in the table, so that one change is told of at its place and does not drag along all that follows.
//!
//! A chain that an anchor or the opening of a later chain names must be there: pruning keeps its row. So must a chain whose number was given out
//! ([`super::opening`]). Numbers from before that rule are another matter: a gap among them is a hint and no proof, for a number was skipped
//! too where the opening of a chain failed or Postgres was killed.
//!
//! What a wrong clock has left, and somebody has looked at, is told apart from the rest ([`VerificationOutcome`]).

mod acknowledged;
mod anchors;
mod chain;
mod openings;
mod prunings;

use std::{collections::BTreeSet, fmt};

use sqlx::{PgConnection, PgPool};

pub use self::{
    acknowledged::Acknowledged,
    anchors::{ClockFault, clock_faults},
    prunings::VerifiedPruning,
};
use self::{
    anchors::StoredAnchor,
    chain::ChainCheck,
    openings::{Numbers, Openings, Seen, Witness},
};
use super::chain::{ChainDigest, ChainHead};
#[cfg(doc)]
use super::opening;

/// What a verification found.
#[derive(Debug, Default)]
pub struct Verification {
    /// Chains read.
    pub chains: usize,
    /// Records read.
    pub records: u64,
    /// Anchors read.
    pub anchors: usize,
    /// Streams that have no end: their service was killed, or they are under way.
    pub unended: u64,
    /// Every pruning so far.
    pub prunings: Vec<VerifiedPruning>,
    /// All that is wrong, by place.
    pub faults: Vec<LogFault>,
    /// What is wrong and was acknowledged.
    pub acknowledged: Vec<Acknowledged>,
    /// Of the numbers that came from a sequence, those that no chain has and no anchor names, as first and last: chains that could not
    /// be opened, or were removed.
    pub gaps: Vec<(i64, i64)>,
    /// The acknowledgements as they stand, by number.
    heads: Vec<(i64, ChainDigest)>,
}

/// What a verification comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerificationOutcome {
    /// All is as it was written.
    Intact,
    /// There are faults, and each was acknowledged.
    Acknowledged,
    /// Something is not as it was written.
    Tampered,
}

/// One thing that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFault {
    /// `catena 3, record 17`
    pub place: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for LogFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Reads the whole log at one moment. `nota`: the impronta of an anchor that was kept elsewhere. `conservazione`:
/// `audit.retention_days`, by which prunings are judged ([`VerifiedPruning::too_early`]).
///
/// # Errors
/// The database's; what is wrong with the log is no error but a [`LogFault`].
pub async fn verify(
    pool: &PgPool,
    nota: Option<ChainDigest>,
    conservazione: Option<u32>,
) -> Result<Verification, sqlx::Error> {
    let mut tx = pool
        .begin_with("begin isolation level repeatable read read only")
        .await?;
    let mut esito = Verification::default();
    let ancore = anchors::read(&mut tx, &mut esito, nota).await?;
    esito.clocks(&mut tx, &ancore).await?;
    esito
        .check_prunings(&mut tx, &ancore, conservazione)
        .await?;
    let catene: Vec<(i64, i64, Vec<u8>)> =
        sqlx::query_as("select catena, numero, impronta from audit_catena order by catena")
            .fetch_all(&mut *tx)
            .await?;
    let numbers = Numbers::read(&mut tx).await?;
    let openings = Openings::read(&mut tx).await?;
    let present: BTreeSet<i64> = catene.iter().map(|(catena, ..)| *catena).collect();
    esito.missing(&present, &ancore, &openings, numbers);
    esito.gaps = gaps(&mut tx, &ancore, numbers).await?;
    for (catena, numero, impronta) in catene {
        let mut seen = Seen::new();
        let mut inizio = ChainHead::default();
        for ancora in &ancore {
            let Some(testa) = ancora.teste.get(&catena) else {
                continue;
            };
            // The last one that saw it.
            seen.insert(
                testa.numero,
                vec![(Witness::Anchor(ancora.numero), testa.impronta)],
            );
            if esito.is_pruned_to(ancora.numero) && testa.numero > inizio.numero {
                inizio = *testa;
            }
        }
        openings.add_to(catena, &mut seen);
        let testa = ChainHead {
            numero,
            impronta: ChainDigest::from_slice(&impronta).unwrap_or_default(),
        };
        let catena = ChainCheck {
            catena,
            before: inizio,
            seen,
            cites: numbers.is_some_and(|numbers| catena > numbers.gapless_after),
        };
        catena.read(&mut tx, testa, &mut esito).await?;
    }
    tx.rollback().await?;
    Ok(esito)
}

/// Gaps in the numbers that came from a sequence.
async fn gaps(
    connection: &mut PgConnection,
    ancore: &[StoredAnchor],
    numbers: Option<Numbers>,
) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    let Some(Numbers { gapless_after, .. }) = numbers else {
        return Ok(Vec::new());
    };
    let named: BTreeSet<i64> = ancore
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

impl Verification {
    /// What it comes to.
    #[must_use]
    pub fn outcome(&self) -> VerificationOutcome {
        if !self.faults.is_empty() {
            VerificationOutcome::Tampered
        } else if !self.acknowledged.is_empty() {
            VerificationOutcome::Acknowledged
        } else {
            VerificationOutcome::Intact
        }
    }

    fn note(&mut self, dove: &str, cosa: &str) {
        self.faults.push(LogFault {
            place: dove.to_owned(),
            what: cosa.to_owned(),
        });
    }
}
