//! Whether the codes that a selection names exist.
//!
//! An empty answer for a code that nobody knows would say that the norm has no decrees, where the truth is that its name
//! was misspelt. A code outside the caller's scope never gets here, so that nobody learns of it: the [`Permesso`] comes
//! first.

use std::collections::HashSet;

use sqlx::PgPool;

use super::RilevazioneRegister;
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

/// The codes of the catalogue. None is ever taken away: one that was there is there.
#[derive(Debug, Default)]
pub(super) struct KnownCodes {
    normative: HashSet<String>,
    prestazioni: HashSet<String>,
}

impl KnownCodes {
    pub(super) async fn read(pool: &PgPool) -> sqlx::Result<Self> {
        let (normative, prestazioni): (Vec<String>, Vec<String>) = sqlx::query_as(
            "select array(select normativa from normativa), array(select prestazione from prestazione)",
        )
        .fetch_one(pool)
        .await?;
        Ok(Self {
            normative: normative.into_iter().collect(),
            prestazioni: prestazioni.into_iter().collect(),
        })
    }

    /// The norms and the benefits of a selection that are not among these, in the selection's order.
    fn unknown<'a>(&self, selezione: &'a impl CallSelection) -> [Vec<&'a str>; 2] {
        let normative = selezione.normative().iter().map(|c| c.as_str());
        let prestazioni = selezione.prestazioni().iter().map(|c| c.as_str());
        [
            normative
                .filter(|codice| !self.normative.contains(*codice))
                .collect(),
            prestazioni
                .filter(|codice| !self.prestazioni.contains(*codice))
                .collect(),
        ]
    }
}

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
