//! Stored record batches, sent as they are ([`crate::blocks::arrow::conservato`]).
//!
//! They serve a selection of which every block is selected whole or not at all, for a caller that sees every column and has all the
//! benefits of the norm in scope. Whatever else is asked is encoded from its rows when it is asked for; so is the rest of a stream whose
//! blocks are made again while it is read.

use std::sync::Arc;

use super::{
    coda::{Coda, Prossimo, Trovato},
    pezzi::Cosa,
    tratto::Tratto,
};
use crate::{
    blocks::{
        arrow::{Dizionari, codifica::Messaggio},
        posizione::Posizione,
        somme::Somme,
    },
    decreto::query::Lettura,
    error::Result,
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
    coda: Coda,
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

impl Lettura {
    /// The batches after `dopo`, of `limite` rows each but the last; `None` where there are none for this selection.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: a series that is not what the load made. The database's.
    pub async fn batch_pronti(
        self: &Arc<Self>,
        dopo: Option<&Posizione>,
        limite: i64,
    ) -> Result<Option<BatchPronti>> {
        let Some(tratto) = self.tratto(dopo, limite).await? else {
            return Ok(None);
        };
        let Tratto {
            serie,
            dizionari,
            voci,
        } = tratto;
        // The dictionaries would name benefits beyond the scope, and their codes.
        let ambito = self.permesso().ambito().prestazioni().testi();
        if ambito.is_some_and(|sue| dizionari.prestazioni.iter().any(|p| !sue.contains(p))) {
            return Ok(None);
        }
        if !voci.iter().all(|voce| voce.intero) {
            return Ok(None);
        }
        Ok(Some(BatchPronti {
            coda: Coda::new(self, serie, Cosa::Batch, voci),
            dizionari,
        }))
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
    /// [`crate::error::Reason::DerivedDataDamaged`]: other bytes than were stored. The database's.
    pub async fn prossimo(&mut self) -> Result<Seguono> {
        let Trovato { voce, pezzi } = match self.coda.prossimo().await? {
            Prossimo::Blocco(trovato) => *trovato,
            Prossimo::Fine => return Ok(Seguono::Niente),
            Prossimo::Sparito => return Ok(Seguono::Rifatti),
        };
        Ok(Seguono::Batch(Box::new(Batch {
            messaggio: Messaggio {
                corpo: pezzi.espandi_batch(voce.batch_byte, voce.mascherate)?,
                testata: pezzi.testata,
            },
            somme: voce.somme,
            fine: voce.fine,
        })))
    }
}
