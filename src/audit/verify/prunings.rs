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
        anchors: &[StoredAnchor],
        conservazione: Option<u32>,
    ) -> Result<(), sqlx::Error> {
        for pruning in prunings(tx).await? {
            let giorno = anchors
                .iter()
                .find(|ancora| ancora.numero == pruning.ancora)
                .and_then(|ancora| ancora.giorno.parse().ok());
            let giorni = pruning.conservazione.or(conservazione);
            let today = pruning.quando.get(..10).and_then(|g| g.parse().ok());
            let early = match (giorno, giorni, today) {
                (Some(giorno), Some(giorni), Some(today)) => {
                    giorno > PruningLimit::Retention(giorni).day(today)
                }
                _ => false,
            };
            if early && pruning.prima_di.is_none() {
                let giorni = giorni.unwrap_or_default();
                let cosa = format!("removed records younger than the retention of {giorni} days");
                self.note(&place(&pruning), &cosa);
            }
            let proved_by = anchors
                .iter()
                .find(|ancora| ancora.prunings.contains(&pruning))
                .map(|ancora| ancora.numero);
            self.prunings.push(VerifiedPruning {
                record: pruning,
                giorno,
                too_early: early,
                proved_by,
            });
        }
        let mut told: Vec<&PruningRecord> = Vec::new();
        for ancora in anchors {
            for pruning in &ancora.prunings {
                let there = self.prunings.iter().any(|pruned| pruned.record == *pruning);
                if !there && !told.contains(&pruning) {
                    told.push(pruning);
                    let cosa = format!("is not as anchor {} saw it, or is missing", ancora.numero);
                    self.note(&place(pruning), &cosa);
                }
            }
        }
        Ok(())
    }

    /// Whether chains were pruned to this anchor.
    pub(super) fn is_pruned_to(&self, ancora: i64) -> bool {
        let mut potature = self.prunings.iter();
        potature.any(|pruned| pruned.record.ancora == ancora)
    }
}

fn place(pruning: &PruningRecord) -> String {
    format!("potatura of {}", pruning.quando)
}
