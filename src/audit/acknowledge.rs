//! Acknowledging a clock fault: somebody says that it was no more than that.
//!
//! ```json
//! {"numero":1,"istante":"2026-11-28T09:12:44.103000Z","operatore":"anna","motivo":"NTP was down after the move","ancora":2,
//!  "giorno":"2036-05-01","successiva":3,"impronta":"5c1e…"}
//! ```
//!
//! An anchor that a wrong clock dated wrongly stays: it is chained, and what it saw is true. Verification complains of it for ever,
//! and among known complaints a new one is overlooked. An acknowledgement says who looked at it, when, and what it was. It is of one anchor and
//! the one after it, whose `impronta` it has: of other texts under the same numbers it says nothing. It makes nothing else good: what was changed, removed or
//! added cannot be acknowledged.
//!
//! Acknowledgements are chained like anchors, and each anchor names the last one so far ([`super::anchor`]). The table takes no change.
//! Removing one makes the complaint come back, so it gains nothing.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::{
    acknowledgement::{Acknowledgement, last},
    anchor,
    chain::ChainDigest,
    record, verify,
};
use crate::{error::Sentence, valori::tax_codes};

/// Records that `operatore` takes the clock fault at this anchor for what it is.
///
/// # Errors
/// A sentence: there is no such fault, it is acknowledged already, or a text holds a codice fiscale.
pub async fn acknowledge(
    owner: &PgPool,
    anchor: i64,
    operatore: &str,
    motivo: &str,
    now: DateTime<Utc>,
) -> Result<Acknowledgement, Sentence> {
    // This text is chained as it is, by a command that need not have the key that hides codes in records.
    let names_a_code = |text: &&str| tax_codes::masked(text) != **text;
    if [operatore, motivo].iter().any(names_a_code) {
        return Err("the operator's name and the reason may not hold a codice fiscale: they are kept as they are written".into());
    }
    let mut tx = owner.begin().await?;
    anchor::take_turn(&mut tx).await?;
    let found = verify::clock_faults(&mut tx).await?;
    let Some(fault) = found.into_iter().find(|fault| fault.ancora == anchor) else {
        return Err(format!(
            "anchor {anchor} has no clock fault: `omnia audit verify` tells which have, and nothing else can be acknowledged"
        )
        .into());
    };
    if let Some(known) = fault.acknowledged {
        return Err(format!(
            "the clock fault at anchor {anchor} was acknowledged at {} by {}",
            known.istante, known.operatore
        )
        .into());
    }
    let last = last(&mut tx).await?;
    let (numero, before) = match &last {
        None => (1, ChainDigest::default()),
        Some(last) => (last.numero + 1, last.impronta.parse()?),
    };
    let acknowledgement = Acknowledgement {
        numero,
        istante: record::timestamp(now),
        operatore: operatore.to_owned(),
        motivo: motivo.to_owned(),
        ancora: anchor,
        giorno: fault.giorno,
        successiva: fault.successiva,
        impronta: fault.impronta.to_string(),
    };
    let testo = serde_json::to_string(&acknowledgement)?;
    sqlx::query("insert into audit_acknowledgement (numero, testo, impronta) values ($1, $2, $3)")
        .bind(numero)
        .bind(&testo)
        .bind(before.followed_by(&testo).0.as_slice())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(acknowledgement)
}
