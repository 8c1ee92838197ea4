//! Grants in every state, for INPS staff.

use chrono::NaiveDate;
use sqlx::{PgPool, Postgres, QueryBuilder, Row as _, postgres::PgRow};

use super::{
    Aa07, EffectiveStato, EventoAa07, GRANT_COLUMNS, ImprontaModulo, JOIN_LAST_EVENTO,
    ProtocolloPec, TakenStep, advance::not_found, evento,
};
use crate::error::{Error, Result};

/// A grant, where it came from, and its last step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRecord {
    /// The grant.
    pub aa07: Aa07,
    /// The PEC message and the form; none of a grant from before these were kept.
    pub modulo: Option<(ProtocolloPec, ImprontaModulo)>,
    /// The grant that this one replaces.
    pub sostituisce: Option<i64>,
    /// The last step.
    pub last: EventoAa07,
}

impl GrantRecord {
    /// What it amounts to on a day.
    #[must_use]
    pub fn effective_stato(&self, oggi: NaiveDate) -> EffectiveStato {
        let days = (self.aa07.valida_dal, self.aa07.valida_al);
        self.last.a_stato.effective_on(days, oggi)
    }

    fn from_row(row: &PgRow) -> Result<Self> {
        let protocollo: Option<&str> = row.try_get("protocollo_pec")?;
        let impronta: Option<&[u8]> = row.try_get("impronta_modulo")?;
        let protocollo = protocollo.map(ProtocolloPec::parse).transpose();
        let impronta = impronta.map(ImprontaModulo::from_bytes).transpose();
        Ok(Self {
            aa07: Aa07::from_row(row)?,
            modulo: protocollo
                .map_err(Error::internal)?
                .zip(impronta.map_err(Error::internal)?),
            sostituisce: row.try_get("sostituisce")?,
            last: EventoAa07::from_row(row)?,
        })
    }
}

/// Every grant ever recorded, in the order of their numbers.
///
/// # Errors
/// The database's; [`Reason::Internal`](crate::error::Reason::Internal) where one cannot be read.
pub async fn list(pool: &PgPool) -> Result<Vec<GrantRecord>> {
    let mut query = select();
    query.push(" order by a.id");
    read(query, pool).await
}

/// The grant with this number.
///
/// # Errors
/// [`Reason::GrantNotFound`](crate::error::Reason::GrantNotFound); as [`list`].
pub async fn record_by_id(pool: &PgPool, id: i64) -> Result<GrantRecord> {
    let mut query = select();
    query.push(" where a.id = ").push_bind(id);
    let row = query.build().fetch_optional(pool).await?;
    GrantRecord::from_row(&row.ok_or_else(|| not_found(id))?)
}

/// The grant with this number, as one of its steps left it.
///
/// # Errors
/// As [`record_by_id`].
pub async fn record_as_of(pool: &PgPool, step: TakenStep) -> Result<GrantRecord> {
    let mut query = select_of("join abilitazione_evento e on e.abilitazione = a.id");
    query
        .push(" where a.id = ")
        .push_bind(step.abilitazione)
        .push(" and e.versione = ")
        .push_bind(step.versione);
    let row = query.build().fetch_optional(pool).await?;
    GrantRecord::from_row(&row.ok_or_else(|| not_found(step.abilitazione))?)
}

pub(super) async fn read(
    mut query: QueryBuilder<Postgres>,
    pool: &PgPool,
) -> Result<Vec<GrantRecord>> {
    let rows = query.build().fetch_all(pool).await?;
    rows.iter().map(GrantRecord::from_row).collect()
}

/// Every grant `a` with its last step `e`.
pub(super) fn select() -> QueryBuilder<Postgres> {
    select_of(JOIN_LAST_EVENTO)
}

fn select_of(join_evento: &'static str) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new("select ");
    query
        .push(GRANT_COLUMNS)
        .push(", a.protocollo_pec, a.impronta_modulo, a.sostituisce, ");
    query
        .push(evento::EVENTO_COLUMNS)
        .push(" from abilitazione a ")
        .push(join_evento);
    query
}
