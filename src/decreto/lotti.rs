//! A selection as a sequence of lotti: what an export sends, and what every other format of it is made from.
//!
//! ```no_run
//! # async fn example(lettura: omnia::decreto::query::Lettura) -> Result<(), omnia::error::Error> {
//! let mut lotti = lettura.lotti(None, 4000);
//! while let Some(lotto) = lotti.prossimo().await? {
//!     for riga in lotto.righe() {
//!         println!("{}", riga?.numero_decreto);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Lotti are never empty. The next one is read while the one before is used: it is there, or nearly so, when it is asked for.

use std::sync::Arc;

use tokio_util::task::AbortOnDropHandle;

use super::{
    blocchi::{Punto, Seguito},
    query::Lettura,
};
use crate::{
    blocks::{Lotto, posizione::Posizione, somme::Somme},
    error::{Error, Result},
};

/// The lotti of a selection, one after the other.
#[derive(Debug)]
pub struct Lotti {
    lettura: Arc<Lettura>,
    limite: i64,
    next: Option<Reading>,
    /// What was given so far, where all of a norm is to be.
    whole: Option<Somme>,
}

/// A task of its own, which ends with its handle: a lotto, and what to read after it.
type Reading = AbortOnDropHandle<Result<Option<(Lotto, Option<Passo>)>>>;

/// What is read next.
#[derive(Debug)]
enum Passo {
    /// From a position: of blocks or of rows is not decided yet.
    Inizio(Option<Posizione>),
    /// Blocks, from a point on.
    Blocchi(Box<Punto>),
    /// Rows after a position.
    Righe(Option<Posizione>),
}

impl Lettura {
    /// The rows after `dopo` in lotti of so many rows; the last may have fewer, and so may any where there are filters.
    /// Reading begins at once.
    #[must_use]
    pub fn lotti(self, dopo: Option<Posizione>, righe_per_lotto: u32) -> Lotti {
        Lotti::new(Arc::new(self), dopo, righe_per_lotto)
    }

    async fn passo(
        self: &Arc<Self>,
        mut passo: Passo,
        limite: i64,
    ) -> Result<Option<(Lotto, Option<Passo>)>> {
        loop {
            passo = match passo {
                Passo::Inizio(dopo) => match self.inizio(dopo.as_ref(), limite).await? {
                    Some(punto) => Passo::Blocchi(Box::new(punto)),
                    None => Passo::Righe(dopo),
                },
                Passo::Blocchi(punto) => match self.da_blocchi(*punto, limite).await? {
                    Seguito::Lotto(letto) => {
                        let (lotto, punto) = *letto;
                        return Ok(Some((lotto, Some(Passo::Blocchi(Box::new(punto))))));
                    }
                    Seguito::Fine => return Ok(None),
                    Seguito::Rifatti(dopo) => Passo::Inizio(dopo),
                },
                Passo::Righe(dopo) => {
                    let (lotto, altre) = self.righe(dopo.as_ref(), limite).await?;
                    return Ok(lotto.map(|lotto| {
                        let next = altre.then(|| Passo::Righe(Some(lotto.fine.clone())));
                        (lotto, next)
                    }));
                }
            }
        }
    }
}

impl Lotti {
    /// As [`Lettura::lotti`], of a reading that is shared.
    #[must_use]
    pub fn new(lettura: Arc<Lettura>, dopo: Option<Posizione>, righe_per_lotto: u32) -> Self {
        let mut lotti = Self {
            whole: (dopo.is_none() && lettura.is_whole()).then(Somme::default),
            lettura,
            limite: i64::from(righe_per_lotto),
            next: None,
        };
        lotti.next = Some(lotti.leggi(Passo::Inizio(dopo)));
        lotti
    }

    /// What is read.
    #[must_use]
    pub fn lettura(&self) -> &Lettura {
        &self.lettura
    }

    /// The next lotto; `None` after the last, when all that is known of them says that they are all.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: blocks that are not what the load made, or rows that do not come to what it
    /// noted. The database's.
    pub async fn prossimo(&mut self) -> Result<Option<Lotto>> {
        let read = match self.next.take() {
            Some(reading) => reading.await.map_err(Error::internal)??,
            None => None,
        };
        let Some((lotto, passo)) = read else {
            if let Some(given) = self.whole.take() {
                self.lettura.reconcile(&given).await?;
            }
            return Ok(None);
        };
        if let Some(given) = &mut self.whole {
            *given += lotto.somme;
        }
        self.next = passo.map(|passo| self.leggi(passo));
        Ok(Some(lotto))
    }

    fn leggi(&self, passo: Passo) -> Reading {
        let (lettura, limite) = (Arc::clone(&self.lettura), self.limite);
        AbortOnDropHandle::new(tokio::spawn(
            async move { lettura.passo(passo, limite).await },
        ))
    }
}
