//! A whole life of a grant up to its approval, at once: for the demo, which has both operators at hand.

use sqlx::PgPool;

use super::{
    Azione, MotivoAa07, Operatore, RichiestaAa07, advance::advance, record_request::record_request,
};
use crate::{
    abilitazione::DecisionTable,
    clock::Clock,
    error::{Error, Result},
    valori::ValueDefect,
};

/// Records, verifies and approves a grant, by two operators.
///
/// # Errors
/// As each of the three steps.
pub async fn record_and_approve(
    pool: &PgPool,
    clock: &Clock,
    table: &DecisionTable,
    richiesta: &RichiestaAa07,
    [recorded_by, approved_by]: [&str; 2],
    motivo: &str,
) -> Result<i64> {
    let wrong = |defect: ValueDefect| Error::internal(defect);
    let motivo = MotivoAa07::parse(motivo).map_err(wrong)?;
    let recorded_by = Operatore::parse(recorded_by, None).map_err(wrong)?;
    let approved_by = Operatore::parse(approved_by, None).map_err(wrong)?;
    let id = record_request(pool, clock, table, richiesta, &recorded_by, &motivo).await?;
    for azione in [Azione::Verifica, Azione::Approvazione] {
        advance(pool, clock, id, azione, &approved_by, &motivo).await?;
    }
    Ok(id)
}
