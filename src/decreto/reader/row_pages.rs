//! Rows for an export, read from the rows themselves, a page at a time.

use sqlx::{Postgres, QueryBuilder};

use crate::{
    blocks::{
        RowBatch,
        cursor::Cursor,
        detail_row::DetailRowError,
        page::{PageRow, PageRows, RowKey, push_page_query},
        sums::ControlSums,
    },
    decreto::query::DetailReader,
    error::{Error, Result},
};

impl DetailReader {
    /// At most `limit` rows after a position; whether rows follow them.
    ///
    /// # Errors
    /// The database's.
    pub async fn rows(
        &self,
        after: Option<&Cursor>,
        limit: i64,
    ) -> Result<(Option<RowBatch>, bool)> {
        // One row more than the page tells whether there is a next one.
        let mut query = self.rows_statement(after, limit + 1);
        let page: Option<String> = query.build_query_scalar().fetch_one(self.pool()).await?;
        let Some(page) = page else {
            return Ok((None, false));
        };
        let full = usize::try_from(limit).map_err(Error::internal)?;
        let mut bytes = Vec::with_capacity(page.len() + page.len() / 4);
        let mut sums = ControlSums::default();
        let mut last: Option<RowKey<'_>> = None;
        let mut more = false;
        for (at, read) in PageRows::new(&page).enumerate() {
            if at == full {
                more = true;
                break;
            }
            let PageRow { key, row, .. } = read?;
            last = Some(key);
            sums.add(&row)?;
            row.write(&mut bytes);
        }
        let batch = RowBatch {
            bytes: bytes.into(),
            sums,
            end: last.ok_or(DetailRowError)?.cursor()?,
        };
        Ok((Some(batch), more))
    }

    /// The statement of [`Self::rows`]: tests look at its plan.
    #[must_use]
    pub fn rows_statement(&self, after: Option<&Cursor>, limit: i64) -> QueryBuilder<Postgres> {
        let mut query = QueryBuilder::default();
        push_page_query(
            &mut query,
            |query| self.push_columns(query),
            |query| self.push_page(query, after, limit),
        );
        query
    }
}
