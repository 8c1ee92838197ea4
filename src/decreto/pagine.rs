//! Rows for an export, read from the rows themselves, a page at a time.

use sqlx::{Postgres, QueryBuilder};

use super::query::Lettura;
use crate::{
    blocks::{
        Lotto,
        pagina::{Chiave, Letta, Pagina, push_pagina},
        posizione::Posizione,
        riga::RigaError,
        somme::Somme,
    },
    error::{Error, Result},
};

impl Lettura {
    /// At most `limite` rows after a position; whether rows follow them.
    ///
    /// # Errors
    /// The database's.
    pub async fn righe(
        &self,
        dopo: Option<&Posizione>,
        limite: i64,
    ) -> Result<(Option<Lotto>, bool)> {
        // One row more than the page tells whether there is a next one.
        let mut query = self.righe_statement(dopo, limite + 1);
        let page: Option<String> = query.build_query_scalar().fetch_one(self.pool()).await?;
        let Some(page) = page else {
            return Ok((None, false));
        };
        let full = usize::try_from(limite).map_err(Error::internal)?;
        let mut byte = Vec::with_capacity(page.len() + page.len() / 4);
        let mut somme = Somme::default();
        let mut ultima: Option<Chiave<'_>> = None;
        let mut altre = false;
        for (at, row) in Pagina::new(&page).enumerate() {
            if at == full {
                altre = true;
                break;
            }
            let Letta { chiave, riga, .. } = row?;
            ultima = Some(chiave);
            somme.aggiungi(&riga)?;
            riga.scrivi(&mut byte);
        }
        let lotto = Lotto {
            byte: byte.into(),
            somme,
            fine: ultima.ok_or(RigaError)?.posizione()?,
        };
        Ok((Some(lotto), altre))
    }

    /// The statement of [`Self::righe`], for whoever wants to see its plan.
    #[must_use]
    pub fn righe_statement(&self, dopo: Option<&Posizione>, limite: i64) -> QueryBuilder<Postgres> {
        let mut query = QueryBuilder::default();
        push_pagina(
            &mut query,
            |query| self.push_columns(query),
            |query| self.push_page(query, dopo, limite),
        );
        query
    }
}
