//! Which blocks may hold something, and what is known of them without their rows.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sqlx::{FromRow, QueryBuilder};

use super::tratto::Tratto;
use crate::{
    decreto::query::Lettura,
    error::Result,
    lotto::{posizione::Posizione, somme::Somme},
};

/// A block in which something may match.
#[derive(Debug, FromRow)]
pub(super) struct Voce {
    pub(super) posto: i32,
    /// Whether every row of it is selected.
    pub(super) intero: bool,
    righe: i32,
    ore_decretate: Decimal,
    importi_autorizzati: Decimal,
    importi_erogati: Decimal,
    ultima_data: NaiveDate,
    ultima_numero: String,
    ultima_id: i64,
    byte: i32,
    mascherate: i32,
    batch_byte: Option<i32>,
}

impl Voce {
    /// Over all its rows.
    pub(super) fn somme(&self) -> Somme {
        Somme::di_decimali(
            self.righe.into(),
            [
                self.ore_decretate,
                self.importi_autorizzati,
                self.importi_erogati,
            ],
        )
    }

    /// Where its rows end.
    pub(super) fn fine(&self) -> Posizione {
        Posizione {
            data_decreto: self.ultima_data,
            numero_decreto: self.ultima_numero.clone(),
            id: self.ultima_id,
        }
    }

    /// Length of its rows.
    pub(super) fn byte(&self) -> usize {
        usize::try_from(self.byte).unwrap_or_default()
    }

    /// Length of its record batch, where it has one.
    pub(super) fn batch_byte(&self) -> Option<usize> {
        usize::try_from(self.batch_byte?).ok()
    }

    /// How many natural persons are masked in it.
    pub(super) fn mascherate(&self) -> usize {
        usize::try_from(self.mascherate).unwrap_or_default()
    }
}

impl Lettura {
    /// The blocks of a stretch in which something may match, in reading order. `None`: the series is gone.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn elenco(&self, tratto: &Tratto) -> Result<Option<Vec<Voce>>> {
        let mut query = QueryBuilder::new(
            "select posto, righe, ore_decretate, importi_autorizzati, importi_erogati, ultima_data, ultima_numero, \
             ultima_id, byte, mascherate, batch_byte, ",
        );
        self.push_intero(&mut query);
        query.push(" as intero");
        self.push_blocchi(&mut query, tratto);
        query.push(" order by posto");
        let voci: Vec<Voce> = query.build_query_as().fetch_all(self.pool()).await?;
        // Of a series that is there nothing may match; of one that is gone nothing was looked at.
        if voci.is_empty() && !self.esiste(tratto.serie).await? {
            return Ok(None);
        }
        Ok(Some(voci))
    }

    /// Whether a series is there.
    pub(super) async fn esiste(&self, serie: i64) -> Result<bool> {
        let query = sqlx::query_scalar("select exists (select from serie where id = $1)");
        Ok(query.bind(serie).fetch_one(self.pool()).await?)
    }
}
