//! Lists of grants, page by page.

use chrono::{Days, NaiveDate};
use sqlx::{PgPool, Postgres, QueryBuilder};

use super::{
    EffectiveStato, Ente, GrantRecord,
    grant_record::{read, select},
};
use crate::error::Result;

/// Which grants to list; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FiltroAbilitazioni {
    /// The subject, exactly.
    pub soggetto: Option<String>,
    /// Whose the subject is.
    pub ente: Option<Ente>,
    /// The profile, exactly.
    pub profilo: Option<String>,
    /// What the grant amounts to.
    pub stato: Option<EffectiveStato>,
}

/// At most `upper_limit` grants that amount to what the filter says on a day, with a number above `after`, by number.
///
/// # Errors
/// The database's; [`Reason::Internal`](crate::error::Reason::Internal) where one cannot be read.
pub async fn list_page(
    pool: &PgPool,
    filtro: &FiltroAbilitazioni,
    oggi: NaiveDate,
    after: i64,
    upper_limit: i64,
) -> Result<Vec<GrantRecord>> {
    let mut query = select();
    query.push(" where a.id > ").push_bind(after);
    if let Some(soggetto) = &filtro.soggetto {
        query.push(" and a.soggetto = ").push_bind(soggetto);
    }
    if let Some(ente) = filtro.ente {
        query.push(" and a.ente = ").push_bind(ente.as_str());
    }
    if let Some(profilo) = &filtro.profilo {
        query.push(" and a.profilo = ").push_bind(profilo);
    }
    if let Some(stato) = filtro.stato {
        push_stato(stato, oggi, &mut query);
    }
    query.push(" order by a.id limit ").push_bind(upper_limit);
    read(query, pool).await
}

/// As [`StatoAa07::effective_on`](super::StatoAa07::effective_on), in SQL.
fn push_stato(stato: EffectiveStato, oggi: NaiveDate, query: &mut QueryBuilder<Postgres>) {
    query.push(
        " and case when e.a_stato in ('REVOCATA', 'RIFIUTATA') then e.a_stato when a.valida_al < ",
    );
    query.push_bind(oggi);
    query.push(" then 'SCADUTA' when e.a_stato = 'ATTIVA' and a.valida_dal > ");
    query.push_bind(oggi);
    query.push(" then 'FUTURA' else e.a_stato end = ");
    query.push_bind(stato.as_str());
}

/// At most `upper_limit` grants that stand, whether suspended or not, and whose last day is at most so many days from a day, by
/// last day and number; those after a position of that order.
///
/// # Errors
/// As [`list_page`].
pub async fn list_expiring(
    pool: &PgPool,
    oggi: NaiveDate,
    giorni: u32,
    after: Option<(NaiveDate, i64)>,
    upper_limit: i64,
) -> Result<Vec<GrantRecord>> {
    let limit = oggi
        .checked_add_days(Days::new(u64::from(giorni)))
        .unwrap_or(NaiveDate::MAX);
    let mut query = select();
    query.push(" where e.a_stato in ('ATTIVA', 'SOSPESA') and a.valida_al >= ");
    query
        .push_bind(oggi)
        .push(" and a.valida_al <= ")
        .push_bind(limit);
    if let Some((giorno, id)) = after {
        query.push(" and (a.valida_al, a.id) > (").push_bind(giorno);
        query.push(", ").push_bind(id).push(")");
    }
    query
        .push(" order by a.valida_al, a.id limit ")
        .push_bind(upper_limit);
    read(query, pool).await
}
