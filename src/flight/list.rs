//! Which flights there are.

use sqlx::{PgPool, QueryBuilder};

use crate::{
    abilitazione::{NoFilter, Permesso},
    error::Result,
};

/// The norms in scope, by code: each is a flight, with or without rows.
///
/// # Errors
/// The database's.
pub(super) async fn normative(pool: &PgPool, permesso: &Permesso<NoFilter>) -> Result<Vec<String>> {
    let mut query = QueryBuilder::new("select normativa from normativa where true");
    permesso.ambito().restrict_normative(&mut query);
    query.push(" order by normativa");
    Ok(query.build_query_scalar().fetch_all(pool).await?)
}
