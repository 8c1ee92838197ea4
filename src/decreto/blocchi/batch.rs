//! Stored record batches, sent as they are ([`crate::arrow::conservato`]).
//!
//! They serve a selection of which every block is selected whole or not at all, for a caller that sees every column. Whatever
//! else is asked is encoded from its rows when it is asked for; so is the rest of a stream whose blocks are made again while it is read.

use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sqlx::{FromRow, QueryBuilder};

use super::{
    Tratto,
    coda::{Coda, Prossimo},
};
use crate::{
    arrow::{Dizionari, codifica::Messaggio},
    decreto::query::Lettura,
    error::{Error, Result},
    lotto::{blocco::espandi, posizione::Posizione, somme::Somme},
};

/// A batch, and what it holds.
#[derive(Debug)]
pub struct Batch {
    /// As it is sent.
    pub messaggio: Messaggio,
    /// Over its rows.
    pub somme: Somme,
    /// Where the rows end: those after this position are the rest.
    pub fine: Posizione,
}

/// The batches of a selection, one after the other.
#[derive(Debug)]
pub struct BatchPronti {
    lettura: Arc<Lettura>,
    serie: i64,
    coda: Coda<Riga>,
    dizionari: Dizionari,
}

/// What follows.
#[derive(Debug)]
pub enum Seguono {
    /// A batch.
    Batch(Box<Batch>),
    /// Nothing: that was all.
    Niente,
    /// Other blocks than those that were read so far, which have been made again.
    Rifatti,
}

#[derive(Debug, FromRow)]
struct Riga {
    ultima_data: NaiveDate,
    ultima_numero: String,
    ultima_id: i64,
    righe: i32,
    ore_decretate: Decimal,
    importi_autorizzati: Decimal,
    importi_erogati: Decimal,
    batch_testata: Vec<u8>,
    batch_byte: i32,
    batch: Vec<u8>,
    batch_persone: Option<Vec<u8>>,
}

impl Lettura {
    /// The batches after `dopo`, of `limite` rows each but the last; `None` where there are none for this selection.
    ///
    /// # Errors
    /// The database's; a series that has not the blocks that it says.
    pub async fn batch_pronti(
        self: &Arc<Self>,
        dopo: Option<&Posizione>,
        limite: i64,
    ) -> Result<Option<BatchPronti>> {
        let Some(tratto) = self.tratto(dopo, limite).await? else {
            return Ok(None);
        };
        let Some(dizionari) = self.dizionari(tratto).await? else {
            return Ok(None);
        };
        let Some(posti) = self.posti(tratto).await? else {
            return Ok(None);
        };
        let serie = tratto.serie;
        Ok(Some(BatchPronti {
            coda: Coda::new(posti, |posto| Arc::clone(self).batch(serie, posto)),
            lettura: Arc::clone(self),
            serie,
            dizionari,
        }))
    }

    /// Those of a series; `None`: a block of the stretch has no batch, or is selected in part.
    async fn dizionari(&self, tratto: Tratto) -> Result<Option<Dizionari>> {
        let mut query = QueryBuilder::new(
            "select dizionario_prestazioni, dizionario_codifiche from serie s \
             where dizionario_prestazioni is not null and not exists (select",
        );
        self.push_blocchi(&mut query, tratto);
        query.push(" and not (batch_byte is not null and ");
        self.push_intero(&mut query);
        query.push(")) and s.id = ").push_bind(tratto.serie);
        let found: Option<(Vec<String>, Vec<String>)> =
            query.build_query_as().fetch_optional(self.pool()).await?;
        Ok(found.map(|(prestazioni, codifiche)| Dizionari {
            prestazioni,
            codifiche,
        }))
    }

    async fn batch(self: Arc<Self>, serie: i64, posto: i32) -> Result<Option<Riga>> {
        let mut query = QueryBuilder::new(
            "select ultima_data, ultima_numero, ultima_id, righe, ore_decretate, importi_autorizzati, \
             importi_erogati, batch_testata, batch_byte, batch, ",
        );
        // Who sees natural persons masked gets them masked from here on.
        let in_chiaro = self.vede("cf_azienda.persona_fisica");
        query
            .push(if in_chiaro {
                "batch_persone"
            } else {
                "null::bytea as batch_persone"
            })
            .push(" from blocco where batch_byte is not null and serie = ")
            .push_bind(serie)
            .push(" and posto = ")
            .push_bind(posto);
        Ok(query.build_query_as().fetch_optional(self.pool()).await?)
    }
}

impl BatchPronti {
    /// What the batches point into.
    #[must_use]
    pub fn dizionari(&self) -> &Dizionari {
        &self.dizionari
    }

    /// The next batch.
    ///
    /// # Errors
    /// The database's; bytes that are not a batch's.
    pub async fn prossimo(&mut self) -> Result<Seguono> {
        let leggi = |posto| Arc::clone(&self.lettura).batch(self.serie, posto);
        let riga = match self.coda.prossimo(leggi).await? {
            Prossimo::Blocco(riga) => riga,
            Prossimo::Fine => return Ok(Seguono::Niente),
            Prossimo::Sparito => return Ok(Seguono::Rifatti),
        };
        let byte = usize::try_from(riga.batch_byte).map_err(Error::internal)?;
        Ok(Seguono::Batch(Box::new(Batch {
            messaggio: Messaggio {
                testata: riga.batch_testata,
                corpo: espandi(&riga.batch, byte, riga.batch_persone.as_deref())?,
            },
            somme: Somme::di_decimali(
                riga.righe.into(),
                [
                    riga.ore_decretate,
                    riga.importi_autorizzati,
                    riga.importi_erogati,
                ],
            ),
            fine: Posizione {
                data_decreto: riga.ultima_data,
                numero_decreto: riga.ultima_numero,
                id: riga.ultima_id,
            },
        })))
    }
}
