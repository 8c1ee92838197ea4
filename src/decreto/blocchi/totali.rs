//! Control totals without a row: the sums of the blocks' own, where each block is selected whole or not at all.

use rust_decimal::Decimal;
use sqlx::QueryBuilder;

use crate::{
    decreto::query::Lettura,
    error::Result,
    lotto::somme::{Somme, Totali},
};

/// Blocks of which only a part is selected; rows and sums of all.
type Riga = (i64, i64, Decimal, Decimal, Decimal);

impl Lettura {
    /// The control totals of what [`Lettura::lotti`] reads from blocks, in lotti of `limite` rows. `None`: there are no blocks
    /// for this selection, or it cuts through one, so that its rows have to be added up.
    ///
    /// # Errors
    /// The database's; a series that has not the blocks that it says.
    pub async fn totali_di_blocchi(&self, limite: i64) -> Result<Option<Totali>> {
        let Some(tratto) = self.tratto(None, limite).await? else {
            return Ok(None);
        };
        let mut query = QueryBuilder::new("select count(*) filter (where not (");
        self.push_intero(&mut query);
        query.push(
            ")), coalesce(sum(righe), 0)::bigint, coalesce(sum(ore_decretate), 0), \
             coalesce(sum(importi_autorizzati), 0), coalesce(sum(importi_erogati), 0)",
        );
        self.push_blocchi(&mut query, tratto);
        let (tagliati, righe, ore, autorizzati, erogati): Riga =
            query.build_query_as().fetch_one(self.pool()).await?;
        if tagliati > 0 || !self.intatta(tratto.serie).await? {
            return Ok(None);
        }
        let somme = Somme::di_decimali(righe, [ore, autorizzati, erogati]);
        Ok(Some(somme.totali(|colonna| self.vede(colonna))))
    }
}
