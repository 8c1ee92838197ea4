//! The prunings, and what to think of each.

use std::fmt;

use chrono::NaiveDate;
use sqlx::{Postgres, Transaction};

use super::{
    super::pruning::{self, PruningLimit, PruningRecord},
    StoredAnchor, Verification,
};

/// A pruning as verification sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedPruning {
    /// What was done.
    pub record: PruningRecord,
    /// The day of its anchor: what is left begins there. `None`: that anchor is gone.
    pub giorno: Option<NaiveDate>,
    /// Whether it removed records that the retention kept: the one that it went by, and for others `audit.retention_days` as it
    /// is set now. Where a day was asked for, a person may have had a reason and it is only shown; where none was,
    /// nothing allowed it and it is a [`LogFault`](super::LogFault).
    pub too_early: bool,
    /// The first anchor that names it as it is: from there on it is proved.
    pub proved_by: Option<i64>,
}

impl Verification {
    /// Reads the prunings, and tells of those that are not as an anchor saw them or that nothing allowed.
    pub(super) async fn check_prunings(
        &mut self,
        tx: &mut Transaction<'_, Postgres>,
        ancore: &[StoredAnchor],
        conservazione: Option<u32>,
    ) -> Result<(), sqlx::Error> {
        for fatta in pruning::prunings(tx).await? {
            let giorno = ancore
                .iter()
                .find(|ancora| ancora.numero == fatta.ancora)
                .and_then(|ancora| ancora.giorno.parse().ok());
            let giorni = fatta.conservazione.or(conservazione);
            let oggi = fatta.quando.get(..10).and_then(|g| g.parse().ok());
            let presto = match (giorno, giorni, oggi) {
                (Some(giorno), Some(giorni), Some(oggi)) => {
                    giorno > PruningLimit::Retention(giorni).day(oggi)
                }
                _ => false,
            };
            if presto && fatta.prima_di.is_none() {
                let giorni = giorni.unwrap_or_default();
                let cosa = format!("removed records younger than the retention of {giorni} days");
                self.note(&place(&fatta), &cosa);
            }
            let provata_da = ancore
                .iter()
                .find(|ancora| ancora.prunings.contains(&fatta))
                .map(|ancora| ancora.numero);
            self.prunings.push(VerifiedPruning {
                record: fatta,
                giorno,
                too_early: presto,
                proved_by: provata_da,
            });
        }
        let mut told: Vec<&PruningRecord> = Vec::new();
        for ancora in ancore {
            for fatta in &ancora.prunings {
                let there = self.prunings.iter().any(|potata| potata.record == *fatta);
                if !there && !told.contains(&fatta) {
                    told.push(fatta);
                    let cosa = format!("is not as anchor {} saw it, or is missing", ancora.numero);
                    self.note(&place(fatta), &cosa);
                }
            }
        }
        Ok(())
    }

    /// Whether chains were pruned to this anchor.
    pub(super) fn is_pruned_to(&self, ancora: i64) -> bool {
        let mut potature = self.prunings.iter();
        potature.any(|potata| potata.record.ancora == ancora)
    }
}

fn place(fatta: &PruningRecord) -> String {
    format!("potatura of {}", fatta.quando)
}

impl fmt::Display for VerifiedPruning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PruningRecord {
            ancora,
            quando,
            chi,
            righe,
            prima_di,
            conservazione,
        } = &self.record;
        write!(f, "{righe} records up to anchor {ancora}")?;
        if let Some(giorno) = self.giorno {
            write!(f, " of {giorno}")?;
        }
        write!(f, ", at {quando} by {chi}")?;
        if let Some(giorno) = prima_di {
            write!(f, ", --prima-di {giorno}")?;
        }
        if let Some(giorni) = conservazione {
            write!(f, ", retention {giorni} days")?;
        }
        if self.too_early {
            f.write_str(", YOUNGER than the retention")?;
        }
        match self.proved_by {
            Some(ancora) => write!(f, "; in anchor {ancora}"),
            None => f.write_str("; in no anchor yet"),
        }
    }
}
