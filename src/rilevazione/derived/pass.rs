//! One pass over the rows of a version.

use sqlx::{PgConnection, QueryBuilder};
use tokio::task::JoinHandle;

use super::{Derivation, NormVersion, RowSink};
use crate::{
    error::Result,
    postgres::predicates::in_rilevazione,
    rilevazione::{
        detail::{
            cursor::Cursor,
            page::{EXPRESSIONS, PageRow, PageRows, push_page_query},
        },
        row_sums::RowSums,
    },
};

/// Rows of a page: half a megabyte.
const ROWS_PER_PAGE: i32 = 4000;

/// What the rows of a version came to.
pub(super) struct Pass {
    pub(super) sums: RowSums,
    /// They have had all rows.
    pub(super) sinks: Vec<Box<dyn RowSink>>,
}

/// Makes a version, and keeps what was made. The sums of its rows, and the blocks in which it is stored.
pub(super) async fn keep(
    conn: &mut PgConnection,
    derivations: &[Box<dyn Derivation>],
    version: &NormVersion,
) -> sqlx::Result<(RowSums, u64)> {
    let mut sinks = Vec::new();
    for derivation in derivations {
        sinks.extend(derivation.begin(conn, version).await?);
    }
    let Pass { sums, sinks } = Pass::over(conn, version, sinks).await?;
    let mut blocks = 0;
    for sink in sinks {
        blocks += sink.keep(conn, &sums).await?;
    }
    Ok((sums, blocks))
}

impl Pass {
    /// Gives the rows of a version to these.
    pub(super) async fn over(
        conn: &mut PgConnection,
        version: &NormVersion,
        sinks: Vec<Box<dyn RowSink>>,
    ) -> sqlx::Result<Self> {
        let begun = Self {
            sums: RowSums::default(),
            sinks,
        };
        let mut taking: JoinHandle<Result<Self>> = tokio::spawn(async { Ok(begun) });
        let mut after: Option<Cursor> = None;
        loop {
            let page = fetch_page(conn, version, after.as_ref()).await?;
            // The page before was taken meanwhile.
            let taken = taking.await.map_err(sqlx::Error::decode)?;
            let mut so_far = taken.map_err(sqlx::Error::decode)?;
            for sink in &mut so_far.sinks {
                sink.write_ready(conn).await?;
            }
            let Some(page) = page else {
                return Ok(so_far);
            };
            let last = PageRows::last_cursor(&page).map_err(sqlx::Error::decode)?;
            after = Some(last);
            taking = tokio::task::spawn_blocking(move || so_far.take(&page));
        }
    }

    fn take(mut self, page: &str) -> Result<Self> {
        let rows: Vec<PageRow<'_>> = PageRows::new(page).collect::<std::result::Result<_, _>>()?;
        for row in &rows {
            self.sums.add(&row.row)?;
        }
        for sink in &mut self.sinks {
            sink.page(&rows)?;
        }
        Ok(self)
    }
}

/// The next rows of a norm after a position, in clear; `None`: there are no more.
async fn fetch_page(
    conn: &mut PgConnection,
    version: &NormVersion,
    after: Option<&Cursor>,
) -> sqlx::Result<Option<String>> {
    let mut query = QueryBuilder::default();
    push_page_query(
        &mut query,
        |query| {
            for expression in EXPRESSIONS {
                query.push(", ").push(expression);
            }
        },
        |query| {
            query.push(" from dettaglio_decreto d where ");
            in_rilevazione(query, version.dal_rilevazione);
            query
                .push(" and normativa = ")
                .push_bind(version.normativa.clone());
            if let Some(after) = after {
                query
                    .push(" and (data_decreto, numero_decreto, id) > (")
                    .push_bind(after.data_decreto)
                    .push(", ")
                    .push_bind(after.numero_decreto.clone())
                    .push(", ")
                    .push_bind(after.id)
                    .push(")");
            }
            query
                .push(" order by d.data_decreto, d.numero_decreto, d.id limit ")
                .push_bind(ROWS_PER_PAGE);
        },
    );
    query.build_query_scalar().fetch_one(conn).await
}
