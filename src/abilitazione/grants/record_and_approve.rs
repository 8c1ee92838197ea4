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
    tabella: &DecisionTable,
    richiesta: &RichiestaAa07,
    [registra_da, approva_da]: [&str; 2],
    motivo: &str,
) -> Result<i64> {
    let wrong = |difetto: ValueDefect| Error::internal(difetto);
    let motivo = MotivoAa07::parse(motivo).map_err(wrong)?;
    let registra_da = Operatore::parse(registra_da, None).map_err(wrong)?;
    let approva_da = Operatore::parse(approva_da, None).map_err(wrong)?;
    let id = record_request(pool, clock, tabella, richiesta, &registra_da, &motivo).await?;
    for azione in [Azione::Verifica, Azione::Approvazione] {
        advance(pool, clock, id, azione, &approva_da, &motivo).await?;
    }
    Ok(id)
}
