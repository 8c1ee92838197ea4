//! Whether the codes that a selection names exist.
//!
//! An empty answer for a code that nobody knows would say that the norm has no decrees, where the truth is that its name
//! was misspelt. A code outside the caller's scope never gets here, so that nobody learns of it: the [`Permesso`] comes
//! first.

use super::register::RilevazioneRegister;
use crate::{
    abilitazione::{CallSelection, Permesso},
    error::{Error, Result, Violation},
    valori::ValueDefect,
};

const NORMATIVA: ValueDefect = ValueDefect::new(
    "must be a norm of the catalogue, see ListNormative",
    "deve essere una normativa in elenco",
);
const PRESTAZIONE: ValueDefect = ValueDefect::new(
    "must be a benefit of the catalogue, see ListPrestazioni",
    "deve essere una prestazione in elenco",
);

impl RilevazioneRegister {
    /// Checks that the catalogue has the norms and benefits that a selection names, in the request's fields `normativa`
    /// and `prestazione`. The database is asked only where one is not known: it may have come with the last load.
    ///
    /// # Errors
    /// [`crate::error::Reason::InvalidRequest`] with the codes that it does not have; the database's.
    pub async fn check_known<F: CallSelection>(
        &self,
        permesso: &Permesso<F>,
        normativa: &'static str,
        prestazione: &'static str,
    ) -> Result<()> {
        let selezione = permesso.selection();
        if self.codes().unknown(selezione).iter().all(Vec::is_empty) {
            return Ok(());
        }
        let [ignote, ignoti] = self.reread_codes().await?.unknown(selezione);
        let violations: Vec<Violation> = [
            (normativa, NORMATIVA, &ignote),
            (prestazione, PRESTAZIONE, &ignoti),
        ]
        .into_iter()
        .filter(|(_, _, codes)| !codes.is_empty())
        .map(|(field, difetto, _)| Violation {
            field: field.to_owned(),
            defect: difetto,
        })
        .collect();
        if violations.is_empty() {
            return Ok(());
        }
        Err(Error::invalid(violations).with("valori", [ignote, ignoti].concat().join(",")))
    }
}
