//! The SQL of the rows that are different between two rilevazioni.
//!
//! A row that is in one of the two and not in the other is looked up in the other by its natural key. The pair stands where its row after
//! stands; a row that is gone, where it stood. So the rows of a norm come in one order, by one index, and a page goes on where the one before
//! ended. A row that ended and came back as it was has two versions with the same contents, and is no difference.

use std::sync::Arc;

use sqlx::{PgPool, Postgres, QueryBuilder, Row as _, postgres::PgRow};

use super::{comparison::Comparison, confronto::ComparedSelection};
use crate::{
    abilitazione::Permesso,
    contract::{column::Column, proto},
    decreto::query,
    error::Result,
    postgres::predicates::in_rilevazione,
    rilevazione::detail::cursor::Cursor,
    valori::CodiceNormativa,
};

/// That the employer of a row is a natural person, as it was or as it is: the two rows of a pair have the same code.
const PERSON: &str =
    "(length(d.cf_azienda) = 16 or d.persona_fisica or coalesce(other.persona_fisica, false))";
/// Before the columns of the rows: the key, on which side the row is, whether it has another.
const KEY_COLUMNS: usize = 5;
/// Columns of a row of the detail.
const DETAIL_COLUMNS: usize = 11;

/// The rows that differ between two rilevazioni, for a caller who may read them.
#[derive(Debug)]
pub(super) struct DifferenceReader {
    pub(super) pool: PgPool,
    pub(super) permesso: Permesso<ComparedSelection>,
    /// What they have to come to.
    pub(super) comparison: Arc<Comparison>,
    /// Number of the rilevazione before.
    pub(super) before: i32,
    /// Number of the rilevazione after.
    pub(super) after: i32,
}

/// A run of differences of one norm.
#[derive(Debug, Default)]
pub(super) struct DifferencePage {
    /// In reading order.
    pub(super) differenze: Vec<proto::Differenza>,
    /// The key of the last, if there is one.
    pub(super) end: Option<Cursor>,
    /// Whether more of the norm follow.
    pub(super) has_more: bool,
}

impl DifferenceReader {
    /// At most `limit` differences of a norm after a position.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn page(
        &self,
        normativa: &CodiceNormativa,
        from: Option<&Cursor>,
        limit: usize,
    ) -> Result<DifferencePage> {
        // One row more than the page tells whether there is a next one.
        let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut query = self.page_statement(normativa, from, one_more);
        let mut rows = query.build().fetch_all(&self.pool).await?;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let end = rows.last().map(cursor).transpose()?;
        let code = match self.permesso.may_see(Column::Normativa) {
            true => normativa.as_str(),
            false => "",
        };
        let differenze = rows.iter().map(|row| differenza(row, code));
        Ok(DifferencePage {
            differenze: differenze.collect::<Result<_, sqlx::Error>>()?,
            end,
            has_more,
        })
    }

    fn page_statement(
        &self,
        normativa: &CodiceNormativa,
        from: Option<&Cursor>,
        limit: i64,
    ) -> QueryBuilder<Postgres> {
        let may_see = |column| self.permesso.may_see(column);
        let mut query = QueryBuilder::new(
            "select d.id, d.data_decreto, d.numero_decreto, d.is_after, other.id is not null",
        );
        query::push_columns(&mut query, "d.", PERSON, may_see);
        query::push_columns(&mut query, "other.", PERSON, may_see);
        query.push(" from (select *, (");
        in_rilevazione(&mut query, self.after);
        query.push(") as is_after from dettaglio_decreto where ");
        self.push_versions(&mut query);
        query
            .push(" and normativa = ")
            .push_bind(normativa.as_str().to_owned());
        self.permesso.ambito().restrict_prestazioni(&mut query);
        if let Some(from) = from {
            query
                .push(" and (data_decreto, numero_decreto, id) > (")
                .push_bind(from.data_decreto)
                .push(", ")
                .push_bind(from.numero_decreto.clone())
                .push(", ")
                .push_bind(from.id)
                .push(")");
        }
        query.push(
            ") d left join lateral (
                 select * from dettaglio_decreto o
                 where (o.codifica_sistema_unico, o.numero_decreto, o.data_decreto, o.cf_azienda, o.matricola_azienda,
                        o.validita_dal, o.normativa, o.prestazione)
                     = (d.codifica_sistema_unico, d.numero_decreto, d.data_decreto, d.cf_azienda, d.matricola_azienda,
                        d.validita_dal, d.normativa, d.prestazione)
                   and case when d.is_after then ",
        );
        in_rilevazione(&mut query, self.before);
        query.push(" else ");
        in_rilevazione(&mut query, self.after);
        query
            .push(
                " end) other on true
                 where other.id is null
                    or d.is_after
                       and (d.validita_al, d.ore_decretate, d.importi_autorizzati, d.importi_erogati)
                        <> (other.validita_al, other.ore_decretate, other.importi_autorizzati, other.importi_erogati)
                 order by d.data_decreto, d.numero_decreto, d.id limit ",
            )
            .push_bind(limit);
        query
    }

    /// Rows of the lower number that end before the higher, and those of the higher that begin after the lower.
    fn push_versions(&self, query: &mut QueryBuilder<Postgres>) {
        let (low, high) = (self.before.min(self.after), self.before.max(self.after));
        query
            .push("(dal_rilevazione <= ")
            .push_bind(low)
            .push(" and al_rilevazione between ")
            .push_bind(low)
            .push(" and ")
            .push_bind(high - 1)
            .push(" or dal_rilevazione between ")
            .push_bind(low + 1)
            .push(" and ")
            .push_bind(high)
            .push(" and al_rilevazione >= ")
            .push_bind(high)
            .push(")");
    }
}

fn cursor(row: &PgRow) -> Result<Cursor, sqlx::Error> {
    Ok(Cursor {
        id: row.try_get(0)?,
        data_decreto: row.try_get(1)?,
        numero_decreto: row.try_get(2)?,
    })
}

fn differenza(row: &PgRow, normativa: &str) -> Result<proto::Differenza, sqlx::Error> {
    let one = Some(query::decreto(row, KEY_COLUMNS)?);
    let (is_after, has_other): (bool, bool) = (row.try_get(3)?, row.try_get(4)?);
    let other = match has_other {
        true => Some(query::decreto(row, KEY_COLUMNS + DETAIL_COLUMNS)?),
        false => None,
    };
    let (prima, dopo) = match is_after {
        true => (other, one),
        false => (one, other),
    };
    Ok(proto::Differenza {
        normativa: normativa.to_owned(),
        prima,
        dopo,
    })
}
