//! The prunings, and what to think of each.

use sqlx::{Postgres, Transaction};

use super::{
    super::{
        pruning::PruningLimit,
        pruning_record::{PruningRecord, prunings},
    },
    anchors::StoredAnchor,
    verification::{Verification, VerifiedPruning},
};

impl Verification {
    /// Reads the prunings, and tells of those that are not as an anchor saw them or that nothing allowed.
    pub(super) async fn check_prunings(
        &mut self,
        tx: &mut Transaction<'_, Postgres>,
        ancore: &[StoredAnchor],
        conservazione: Option<u32>,
    ) -> Result<(), sqlx::Error> {
        for fatta in prunings(tx).await? {
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
