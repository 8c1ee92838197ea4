//! The chain of anchors, and the days that cannot be.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::{
    super::{
        acknowledgement::{Acknowledgement, Last},
        anchor::Anchor,
        chain::{ChainDigest, ChainHead},
        pruning_record::PruningRecord,
    },
    verification::{LogFault, Verification},
};

/// An anchor as it stands in the table.
pub(super) struct StoredAnchor {
    pub(super) numero: i64,
    pub(super) giorno: String,
    pub(super) impronta: ChainDigest,
    pub(super) teste: BTreeMap<i64, ChainHead>,
    pub(super) prunings: Vec<PruningRecord>,
    pub(super) acknowledged: Option<Last>,
}

/// An anchor that is dated after the one that follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockFault {
    /// The anchor.
    pub ancora: i64,
    /// Its day.
    pub giorno: String,
    /// The anchor after it.
    pub successiva: i64,
    /// That one's day.
    pub next_day: String,
    /// That one's impronta.
    pub impronta: ChainDigest,
    /// Who said that it was no more than a clock.
    pub acknowledged: Option<Acknowledgement>,
}

/// Reads the anchors, and tells of those that are not as they were written.
pub(super) async fn read(
    connection: &mut PgConnection,
    esito: &mut Verification,
    noted: Option<ChainDigest>,
) -> Result<Vec<StoredAnchor>, sqlx::Error> {
    let rows: Vec<(i64, NaiveDate, String, Vec<u8>)> =
        sqlx::query_as("select numero, giorno, ancora, impronta from audit_ancora order by numero")
            .fetch_all(connection)
            .await?;
    let mut before = ChainDigest::default();
    let mut found = noted.is_none();
    let mut seen: Vec<StoredAnchor> = Vec::new();
    for (expected, (numero, giorno, testo, impronta)) in (1..).zip(rows) {
        let place = format!("ancora {expected}");
        let stored = ChainDigest::from_slice(&impronta).unwrap_or_default();
        if numero != expected {
            esito.note(&place, "is missing");
        } else if before.followed_by(&testo) != stored {
            esito.note(&place, "was changed, or the one before it was");
        }
        before = stored;
        found |= noted == Some(stored);
        esito.anchors += 1;
        match serde_json::from_str::<Anchor>(&testo) {
            Ok(ancora) if ancora.numero == numero => {
                if ancora.giorno != giorno.to_string() {
                    esito.note(&place, "its column giorno was changed");
                }
                seen.push(StoredAnchor::new(ancora, stored));
            }
            _ => esito.note(&place, "is not the text of this anchor"),
        }
    }
    if !found {
        esito.note(
            "ancore",
            "none has the impronta that was given: the log was rewritten, or it is of another log",
        );
    }
    Ok(seen)
}

/// Those that are dated after their follower.
pub(super) fn faults(anchors: &[StoredAnchor], known: &[Acknowledgement]) -> Vec<ClockFault> {
    let pairs = anchors.windows(2).filter_map(|pair| match pair {
        [ancora, next] if ancora.giorno > next.giorno => Some((ancora, next)),
        _ => None,
    });
    let fault = |(ancora, next): (&StoredAnchor, &StoredAnchor)| ClockFault {
        ancora: ancora.numero,
        giorno: ancora.giorno.clone(),
        successiva: next.numero,
        next_day: next.giorno.clone(),
        impronta: next.impronta,
        acknowledged: known
            .iter()
            .find(|a| a.ancora == ancora.numero && a.impronta == next.impronta.to_string())
            .cloned(),
    };
    pairs.map(fault).collect()
}

impl ClockFault {
    pub(super) fn log_fault(&self) -> LogFault {
        LogFault {
            place: format!("ancora {}", self.ancora),
            what: format!(
                "is dated {}, and the one after it {}: a clock was wrong, or it was added",
                self.giorno, self.next_day
            ),
        }
    }
}

impl StoredAnchor {
    fn new(ancora: Anchor, impronta: ChainDigest) -> Self {
        let teste = ancora
            .teste
            .iter()
            .filter_map(|t| Some((t.catena, t.head()?)));
        Self {
            numero: ancora.numero,
            teste: teste.collect(),
            impronta,
            giorno: ancora.giorno,
            prunings: ancora.potature,
            acknowledged: ancora.acknowledged,
        }
    }
}
