//! The days that cannot be, and who said that it was no more than a clock.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use super::{
    acknowledged,
    anchors::{self, ClockFault, StoredAnchor},
    verification::{Acknowledged, Verification},
};
use crate::audit::chain::ChainDigest;

/// The clock faults of a log, each with its acknowledgement.
///
/// # Errors
/// The database's.
pub async fn clock_faults(connection: &mut PgConnection) -> Result<Vec<ClockFault>, sqlx::Error> {
    let mut esito = Verification::default();
    let anchors = anchors::read(connection, &mut esito, None).await?;
    let known = acknowledged::read(connection, &mut esito).await?;
    Ok(anchors::faults(&anchors, &known))
}

impl Verification {
    /// Tells of the anchors whose days cannot be, and of the acknowledgements that anchors name and that are not there.
    pub(super) async fn clocks(
        &mut self,
        connection: &mut PgConnection,
        anchors: &[StoredAnchor],
    ) -> Result<(), sqlx::Error> {
        let known = acknowledged::read(connection, self).await?;
        for fault in anchors::faults(anchors, &known) {
            let discrepancies = fault.log_fault();
            match fault.acknowledged {
                Some(by) => self.acknowledged.push(Acknowledged {
                    fault: discrepancies,
                    by,
                }),
                None => self.faults.push(discrepancies),
            }
        }
        let mut told = BTreeSet::new();
        for ancora in anchors {
            let Some(last) = &ancora.acknowledged else {
                continue;
            };
            let seen = |(numero, impronta): &(i64, ChainDigest)| {
                *numero == last.numero && impronta.to_string() == last.impronta
            };
            if !self.heads.iter().any(seen) && told.insert(last.numero) {
                self.note(
                    &format!("acknowledgement {}", last.numero),
                    &format!("is not as anchor {} saw it, or is missing", ancora.numero),
                );
            }
        }
        Ok(())
    }
}
