//! Rows for an export, read from the rows themselves, a page at a time.

use sqlx::{Postgres, QueryBuilder};

use super::query::DetailReader;
use crate::{
    blocks::{
        RowBatch,
        cursor::Cursor,
        detail_row::DetailRowError,
        page::{PageRow, PageRows, RowKey, push_page_query},
        sums::ControlSums,
    },
    error::{Error, Result},
};

impl DetailReader {
    /// At most `limite` rows after a position; whether rows follow them.
    ///
    /// # Errors
    /// The database's.
    pub async fn rows(
        &self,
        dopo: Option<&Cursor>,
        limite: i64,
    ) -> Result<(Option<RowBatch>, bool)> {
        // One row more than the page tells whether there is a next one.
        let mut query = self.rows_statement(dopo, limite + 1);
        let page: Option<String> = query.build_query_scalar().fetch_one(self.pool()).await?;
        let Some(page) = page else {
            return Ok((None, false));
        };
        let full = usize::try_from(limite).map_err(Error::internal)?;
        let mut byte = Vec::with_capacity(page.len() + page.len() / 4);
        let mut somme = ControlSums::default();
        let mut ultima: Option<RowKey<'_>> = None;
        let mut altre = false;
        for (at, row) in PageRows::new(&page).enumerate() {
            if at == full {
                altre = true;
                break;
            }
            let PageRow {
                key: chiave,
                row: riga,
                ..
            } = row?;
            ultima = Some(chiave);
            somme.add(&riga)?;
            riga.write(&mut byte);
        }
        let lotto = RowBatch {
            bytes: byte.into(),
            sums: somme,
            end: ultima.ok_or(DetailRowError)?.cursor()?,
        };
        Ok((Some(lotto), altre))
    }

    /// The statement of [`Self::rows`], for whoever wants to see its plan.
    #[must_use]
    pub fn rows_statement(&self, dopo: Option<&Cursor>, limite: i64) -> QueryBuilder<Postgres> {
        let mut query = QueryBuilder::default();
        push_page_query(
            &mut query,
            |query| self.push_columns(query),
            |query| self.push_page(query, dopo, limite),
        );
        query
    }
}
