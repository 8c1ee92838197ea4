//! Whether the codes that a selection names exist.
//!
//! An empty answer for an unknown code would say that the norm has no decrees, where the truth is that its name
//! was misspelt. A code outside the caller's scope never gets here, so that nobody learns of it: the [`Permesso`] comes
//! first.

use std::collections::HashSet;

use sqlx::PgPool;

#[cfg(doc)]
use crate::abilitazione::Permesso;
use crate::{
    abilitazione::CallSelection,
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

    /// Whether all codes that a selection names are among these.
    pub(super) fn has_all(&self, selection: &impl CallSelection) -> bool {
        self.unknown(selection).iter().all(Vec::is_empty)
    }

    /// The norms and the benefits of a selection that are not among these, in the selection's order.
    fn unknown<'a>(&self, selection: &'a impl CallSelection) -> [Vec<&'a str>; 2] {
        let normative = selection.normative().iter().map(|c| c.as_str());
        let prestazioni = selection.prestazioni().iter().map(|c| c.as_str());
        [
            normative
                .filter(|code| !self.normative.contains(*code))
                .collect(),
            prestazioni
                .filter(|code| !self.prestazioni.contains(*code))
                .collect(),
        ]
    }
}

/// Checks that these codes have the norms and benefits that a selection names, in the request's fields `normativa` and
/// `prestazione`.
///
/// # Errors
/// [`crate::error::Reason::InvalidRequest`] with those that they do not have.
pub(super) fn check(
    codes: &KnownCodes,
    selection: &impl CallSelection,
    normativa: &'static str,
    prestazione: &'static str,
) -> Result<()> {
    let [normative, prestazioni] = codes.unknown(selection);
    let violations: Vec<Violation> = [
        (normativa, NORMATIVA, &normative),
        (prestazione, PRESTAZIONE, &prestazioni),
    ]
    .into_iter()
    .filter(|(_, _, unknown)| !unknown.is_empty())
    .map(|(field, defect, _)| Violation {
        field: field.to_owned(),
        defect,
    })
    .collect();
    if violations.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(violations).with("valori", [normative, prestazioni].concat().join(",")))
}
