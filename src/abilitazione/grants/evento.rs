//! One step of a grant, as it is kept.

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, Postgres, Row as _, Transaction, postgres::PgRow};

use super::{Azione, IdempotencyKey, Operatore, StatoAa07};
use crate::{
    error::{Error, Result},
    output::terminal::is_harmful,
    valori::ValueDefect,
};

const MOTIVO: ValueDefect = ValueDefect::new(
    "must be 1 to 500 characters, not blank, without control or format characters",
    "deve avere da 1 a 500 caratteri, non solo spazi, senza caratteri di controllo o di formato",
);

/// Why a step is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MotivoAa07(String);

impl MotivoAa07 {
    /// Reads it.
    ///
    /// # Errors
    /// It is blank, too long, or would break the lines of a table.
    pub fn parse(testo: &str) -> Result<Self, ValueDefect> {
        let good = (1..=500).contains(&testo.chars().count())
            && !testo.trim().is_empty()
            && !testo.contains(is_harmful);
        good.then(|| Self(testo.to_owned())).ok_or(MOTIVO)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MotivoAa07 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventoAa07 {
    /// 1, 2, 3…
    pub versione: i32,
    /// The step.
    pub azione: Azione,
    /// The state before; none before the first.
    pub da_stato: Option<StatoAa07>,
    /// The state after.
    pub a_stato: StatoAa07,
    /// When.
    pub istante: DateTime<Utc>,
    /// Who.
    pub operatore: Operatore,
    /// Why.
    pub motivo: String,
}

/// The columns of [`EventoAa07::from_row`], of a table `e`.
pub(super) const EVENTO_COLUMNS: &str =
    "e.versione, e.azione, e.da_stato, e.a_stato, e.istante, e.operatore, e.utente, e.motivo";

impl EventoAa07 {
    pub(super) fn from_row(row: &PgRow) -> Result<Self> {
        let stato = |text: &str| text.parse().map_err(Error::internal);
        let azione: &str = row.try_get("azione")?;
        let da_stato: Option<&str> = row.try_get("da_stato")?;
        Ok(Self {
            versione: row.try_get("versione")?,
            azione: azione.parse().map_err(Error::internal)?,
            da_stato: da_stato.map(stato).transpose()?,
            a_stato: stato(row.try_get("a_stato")?)?,
            istante: row.try_get("istante")?,
            operatore: Operatore::stored(row.try_get("operatore")?, row.try_get("utente")?),
            motivo: row.try_get("motivo")?,
        })
    }
}

/// Every step of a grant, in order.
///
/// # Errors
/// The database's.
pub async fn eventi(pool: &PgPool, id: i64) -> Result<Vec<EventoAa07>> {
    let mut connection = pool.acquire().await?;
    fetch(&mut connection, id).await
}

pub(super) async fn fetch(connection: &mut PgConnection, id: i64) -> Result<Vec<EventoAa07>> {
    let mut query = sqlx::QueryBuilder::new("select ");
    query
        .push(EVENTO_COLUMNS)
        .push(" from abilitazione_evento e where e.abilitazione = ");
    query.push_bind(id).push(" order by e.versione");
    let rows = query.build().fetch_all(connection).await?;
    rows.iter().map(EventoAa07::from_row).collect()
}

pub(super) async fn insert(
    tx: &mut Transaction<'_, Postgres>,
    id: i64,
    evento: &EventoAa07,
    key: Option<&IdempotencyKey>,
) -> Result<()> {
    sqlx::query(
        "insert into abilitazione_evento (abilitazione, versione, azione, da_stato, a_stato, istante, operatore, utente,
                                          motivo, operatore_chiave, utente_chiave, idempotency_key, request_digest)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(id)
    .bind(evento.versione)
    .bind(evento.azione.as_str())
    .bind(evento.da_stato.map(StatoAa07::as_str))
    .bind(evento.a_stato.as_str())
    .bind(evento.istante)
    .bind(evento.operatore.name())
    .bind(evento.operatore.utente())
    .bind(&evento.motivo)
    .bind(evento.operatore.key())
    .bind(evento.operatore.utente_key())
    .bind(key.map(IdempotencyKey::as_str))
    .bind(key.map(IdempotencyKey::request_digest))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something() {
        assert_eq!(
            MotivoAa07::parse("nota PEC 12").unwrap().as_str(),
            "nota PEC 12"
        );
        for bad in ["", "  ", "a\nb", "a\u{202e}b", &"a".repeat(501)] {
            assert_eq!(MotivoAa07::parse(bad), Err(MOTIVO), "{bad}");
        }
    }
}
