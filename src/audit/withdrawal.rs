//! A RITIRO: an operator took a rilevazione out of the way.
//!
//! ```json
//! {"catena":5,"numero":2,"istante":"2026-11-25T17:03:12.123456Z","tipo":"RITIRO","rilevazione":7,"operatore":"anna",
//!  "motivo":"the day of next year"}
//! ```
//!
//! It changes what every later call for the latest is answered, and is done on the machine: the command has a chain of its own for it,
//! between its APERTURA and its CHIUSURA. It is written before the withdrawal is committed, as the record of a call is before its answer.

use serde::Serialize;

use super::{
    log::AuditLog,
    record::{RecordKind, record_tail, timestamp},
};
use crate::error::Result;

/// Field by field, in the order of the text.
#[derive(Serialize)]
struct WithdrawalText<'a> {
    istante: String,
    tipo: RecordKind,
    rilevazione: i32,
    operatore: &'a str,
    motivo: &'a str,
}

impl AuditLog {
    /// Writes that a rilevazione is withdrawn, by whom and why, and waits until that is committed.
    ///
    /// # Errors
    /// [`crate::error::Reason::AuditUnavailable`].
    pub async fn withdrawal(&self, rilevazione: i32, operatore: &str, motivo: &str) -> Result<()> {
        let now = self.now();
        let testo = WithdrawalText {
            istante: timestamp(now),
            tipo: RecordKind::Ritiro,
            rilevazione,
            operatore,
            motivo,
        };
        let testo = record_tail(&testo, self.key());
        self.write(now, testo).await.map(drop)
    }
}
