//! The acknowledgements, and the clock faults that they are of.

use std::{collections::BTreeSet, fmt};

use sqlx::PgConnection;

use super::{
    super::{acknowledge::Acknowledgement, chain::ChainDigest},
    LogFault, Verification,
    anchors::{self, StoredAnchor},
};

/// A fault that somebody has looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// What is wrong.
    pub fault: LogFault,
    /// Who said that it is no reason for concern, when and why.
    pub by: Acknowledgement,
}

impl fmt::Display for Acknowledged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Acknowledgement {
            istante,
            operatore,
            motivo,
            ..
        } = &self.by;
        let line = format!(
            "{}; acknowledged at {istante} by {operatore}: {motivo}",
            self.fault
        );
        // It comes from a table.
        f.write_str(&line.replace(char::is_control, "\u{fffd}"))
    }
}

/// Reads the acknowledgements, and tells of those that are not as they were written. Only the others count.
pub(super) async fn read(
    connection: &mut PgConnection,
    esito: &mut Verification,
) -> Result<Vec<Acknowledgement>, sqlx::Error> {
    let rows: Vec<(i64, String, Vec<u8>)> =
        sqlx::query_as("select numero, testo, impronta from audit_acknowledgement order by numero")
            .fetch_all(connection)
            .await?;
    let mut before = ChainDigest::default();
    let mut good = Vec::new();
    for (expected, (numero, testo, impronta)) in (1..).zip(rows) {
        let dove = format!("acknowledgement {expected}");
        let stored = ChainDigest::from_slice(&impronta).unwrap_or_default();
        let follows = before.followed_by(&testo) == stored;
        before = stored;
        match serde_json::from_str::<Acknowledgement>(&testo) {
            _ if numero != expected => esito.note(&dove, "is missing"),
            _ if !follows => esito.note(&dove, "was changed, or the one before it was"),
            Ok(text) if text.numero == numero => good.push(text),
            _ => esito.note(&dove, "is not the text of this acknowledgement"),
        }
        esito.heads.push((numero, stored));
    }
    Ok(good)
}

impl Verification {
    /// Tells of the anchors whose days cannot be, and of the acknowledgements that anchors name and that are not there.
    pub(super) async fn clocks(
        &mut self,
        connection: &mut PgConnection,
        ancore: &[StoredAnchor],
    ) -> Result<(), sqlx::Error> {
        let known = read(connection, self).await?;
        for fault in anchors::faults(ancore, &known) {
            let difformita = fault.log_fault();
            match fault.acknowledged {
                Some(by) => self.acknowledged.push(Acknowledged {
                    fault: difformita,
                    by,
                }),
                None => self.faults.push(difformita),
            }
        }
        let mut told = BTreeSet::new();
        for ancora in ancore {
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
