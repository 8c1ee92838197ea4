//! A selection in parts that can be read at the same time.

use chrono::NaiveDate;
use sqlx::QueryBuilder;

use crate::{decreto::query::Lettura, error::Result, lotto::posizione::Posizione};

/// Blocks that a part has at least: fewer are not worth a stream of their own.
const BLOCCHI_PER_PARTE: usize = 4;

impl Lettura {
    /// Ends of blocks that cut the rows into at most `parti` parts of about one size: none where there are no blocks for this
    /// selection, or too few rows for it to be worth while. Each part is read from blocks, in lotti of `limite` rows.
    ///
    /// # Errors
    /// The database's.
    pub async fn tagli(&self, limite: i64, parti: usize) -> Result<Vec<Posizione>> {
        let Some(tratto) = self.tratto(None, limite).await? else {
            return Ok(Vec::new());
        };
        let mut query = QueryBuilder::new("select ultima_data, ultima_numero, ultima_id");
        self.push_blocchi(&mut query, tratto);
        query.push(" order by posto");
        let fini: Vec<(NaiveDate, String, i64)> =
            query.build_query_as().fetch_all(self.pool()).await?;
        // Blocks are of one size: as many blocks are as many rows, as far as can be known without reading them.
        let parti = parti.min(fini.len() / BLOCCHI_PER_PARTE).max(1);
        let taglio = |parte: usize| {
            let (data_decreto, numero_decreto, id) =
                fini.get(fini.len() * parte / parti - 1)?.clone();
            Some(Posizione {
                data_decreto,
                numero_decreto,
                id,
            })
        };
        Ok((1..parti).filter_map(taglio).collect())
    }

    /// The place of the block that ends at a position.
    pub(super) async fn posto(&self, serie: i64, ultima: &Posizione) -> Result<Option<i32>> {
        Ok(sqlx::query_scalar(
            "select posto from blocco
             where serie = $1 and ultima_data = $2 and ultima_numero = $3 and ultima_id = $4",
        )
        .bind(serie)
        .bind(ultima.data_decreto)
        .bind(&ultima.numero_decreto)
        .bind(ultima.id)
        .fetch_optional(self.pool())
        .await?)
    }
}
