//! Of which norms there is something to look at.

use sqlx::{AssertSqlSafe, PgConnection};

use super::Derivation;

/// All norms that have, or might have, something derived.
pub(super) async fn norms(
    conn: &mut PgConnection,
    derivations: &[Box<dyn Derivation>],
) -> sqlx::Result<Vec<String>> {
    let mut sql = "select normativa from normativa".to_owned();
    for derivation in derivations {
        sql.push_str(" union select normativa from ");
        sql.push_str(derivation.table());
    }
    sql.push_str(" order by normativa");
    // The names of tables are constants of ours.
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(conn).await
}
