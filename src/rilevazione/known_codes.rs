//! The codes of the catalogue, as an instance knows them.

use std::collections::HashSet;

use sqlx::PgPool;

use crate::abilitazione::CallSelection;

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
    pub(super) fn unknown<'a>(&self, selezione: &'a impl CallSelection) -> [Vec<&'a str>; 2] {
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
