//! Whether the codes that a selection names exist.
//!
//! An empty answer for a code that nobody knows would say that the norm has no decrees, where the truth is that its name
//! was misspelt. A code outside the caller's scope never gets here, so that nobody learns of it: the [`Permesso`] comes
//! first.

use sqlx::PgPool;

use crate::{
    abilitazione::{Permesso, Selezione},
    error::{Error, Result, Violation},
    valori::Difetto,
};

const NORMATIVA: Difetto = Difetto::new(
    "must be a norm of the catalogue, see ListNormative",
    "deve essere una normativa in elenco",
);
const PRESTAZIONE: Difetto = Difetto::new(
    "must be a benefit of the catalogue, see ListPrestazioni",
    "deve essere una prestazione in elenco",
);

/// Checks that the catalogue has the norms and benefits that a selection names, in the request's fields `normativa` and
/// `prestazione`.
///
/// # Errors
/// [`crate::error::Reason::InvalidRequest`] with the codes that it does not have; the database's.
pub async fn noti<F: Selezione>(
    pool: &PgPool,
    permesso: &Permesso<F>,
    normativa: &'static str,
    prestazione: &'static str,
) -> Result<()> {
    let selezione = permesso.selezione();
    let normative: Vec<&str> = selezione.normative().iter().map(|c| c.as_str()).collect();
    let prestazioni: Vec<&str> = selezione.prestazioni().iter().map(|c| c.as_str()).collect();
    if normative.is_empty() && prestazioni.is_empty() {
        return Ok(());
    }
    let (ignote, ignoti): (Vec<String>, Vec<String>) = sqlx::query_as(
        "select array(select codice from unnest($1::text[]) codice
                      where not exists (select from normativa where normativa = codice)),
                array(select codice from unnest($2::text[]) codice
                      where not exists (select from prestazione where prestazione = codice))",
    )
    .bind(normative)
    .bind(prestazioni)
    .fetch_one(pool)
    .await?;
    let violations: Vec<Violation> = [
        (normativa, NORMATIVA, &ignote),
        (prestazione, PRESTAZIONE, &ignoti),
    ]
    .into_iter()
    .filter(|(_, _, codes)| !codes.is_empty())
    .map(|(field, difetto, _)| Violation {
        field: field.to_owned(),
        difetto,
    })
    .collect();
    if violations.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(violations).with("valori", [ignote, ignoti].concat().join(",")))
}
