//! Lotti from stored blocks ([`crate::blocks::blocco`]): sent as they are, or filtered.
//!
//! A block serves a selection that sees every column (natural persons masked or not) and filters by nothing but periodo and
//! codifica. It is skipped where its ranges say that nothing in it matches, and sent whole where they say that everything
//! does; else its rows are looked at one by one. The other filters name one decree or one employer: a few rows, which their
//! index finds.
//!
//! ```text
//! periodo 2024          block 0: 2022-01-01 … 2023-11-30      skipped, by its row
//!                       block 1: 2023-06-01 … 2024-08-31      row by row
//!                       block 2: all of it in 2024            as it is
//! ```
//!
//! Nothing of a series is sent before it is known to be what the load made (`tratto`), and no bytes that are not those that were
//! stored (`pezzi`): an export ends with DATA_LOSS.
//!
//! A lotto ends where a block ends, so that the next one can begin with a block: rows that are left over from several blocks
//! are sent together, as long as they are no more than a lotto holds.

mod batch;
mod coda;
mod condizioni;
mod elenco;
mod parti;
mod pezzi;
mod scelta;
mod tratto;

use std::sync::Arc;

use bytes::Bytes;

pub use self::{
    batch::{Batch, BatchPronti, Seguono},
    parti::Parti,
};
use self::{
    coda::{Coda, Prossimo},
    pezzi::Cosa,
    scelta::Scelta,
};
use super::query::Lettura;
use crate::{
    blocks::{Lotto, posizione::Posizione},
    error::Result,
};

/// Where a reading of blocks stands.
#[derive(Debug)]
pub(super) struct Punto {
    coda: Coda,
    /// Where the last lotto ended.
    dopo: Option<Posizione>,
    /// Rows that were read with the last block and did not fit into its lotto.
    avanzo: Option<Lotto>,
}

impl Punto {
    /// The same point, after a lotto.
    fn oltre(mut self, lotto: &Lotto, avanzo: Option<Lotto>) -> Self {
        self.dopo = Some(lotto.fine.clone());
        self.avanzo = avanzo;
        self
    }
}

/// What comes from a point on.
#[derive(Debug)]
pub(super) enum Seguito {
    /// A lotto, and the point after it.
    Lotto(Box<(Lotto, Punto)>),
    /// Nothing: that was all.
    Fine,
    /// The blocks are gone: they were made again meanwhile. The rest comes after this position.
    Rifatti(Option<Posizione>),
}

impl Lettura {
    /// Where to begin after `dopo`, if there are blocks for this selection and it is less work to read them than the rows.
    pub(super) async fn inizio(
        self: &Arc<Self>,
        dopo: Option<&Posizione>,
        limite: i64,
    ) -> Result<Option<Punto>> {
        let tratto = self.tratto(dopo, limite).await?;
        Ok(tratto.map(|tratto| Punto {
            coda: Coda::new(self, tratto.serie, Cosa::Lotto, tratto.voci),
            dopo: dopo.cloned(),
            avanzo: None,
        }))
    }

    /// What comes from a point on.
    pub(super) async fn da_blocchi(
        self: &Arc<Self>,
        mut punto: Punto,
        limite: i64,
    ) -> Result<Seguito> {
        let scelta = Scelta::new(self);
        let mut in_mano = punto.avanzo.take();
        loop {
            let trovato = match punto.coda.prossimo().await? {
                Prossimo::Blocco(trovato) => trovato,
                Prossimo::Fine => break,
                Prossimo::Sparito => return Ok(Seguito::Rifatti(punto.dopo)),
            };
            let Some(lotto) = scelta.di(&trovato)? else {
                continue;
            };
            match in_mano.take() {
                Some(pieno) if pieno.somme.righe + lotto.somme.righe > limite => {
                    let oltre = punto.oltre(&pieno, Some(lotto));
                    return Ok(Seguito::Lotto(Box::new((pieno, oltre))));
                }
                Some(prima) => in_mano = Some(unisci(&prima, lotto)),
                // As full as can be: there is nothing to wait for.
                None if lotto.somme.righe == limite => {
                    let oltre = punto.oltre(&lotto, None);
                    return Ok(Seguito::Lotto(Box::new((lotto, oltre))));
                }
                None => in_mano = Some(lotto),
            }
        }
        Ok(match in_mano {
            Some(resto) => {
                let oltre = punto.oltre(&resto, None);
                Seguito::Lotto(Box::new((resto, oltre)))
            }
            None => Seguito::Fine,
        })
    }
}

/// The rows of the one, then those of the other.
fn unisci(prima: &Lotto, dopo: Lotto) -> Lotto {
    let mut byte = Vec::with_capacity(prima.byte.len() + dopo.byte.len());
    byte.extend_from_slice(&prima.byte);
    byte.extend_from_slice(&dopo.byte);
    let mut somme = prima.somme;
    somme += dopo.somme;
    Lotto {
        byte: Bytes::from(byte),
        somme,
        fine: dopo.fine,
    }
}
