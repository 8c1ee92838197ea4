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

use super::query::Lettura;
use crate::{
    error::{Error, Result},
    lotto::{Lotto, posizione::Posizione},
};

/// The lotti of a selection, one after the other.
#[derive(Debug)]
pub struct Lotti {
    lettura: Arc<Lettura>,
    limite: i64,
    next: Option<Reading>,
}

/// A task of its own, which ends with its handle.
type Reading = AbortOnDropHandle<Result<(Option<Lotto>, bool)>>;

impl Lettura {
    /// The rows after `dopo` in lotti of so many rows; the last may have fewer. Reading begins at once.
    #[must_use]
    pub fn lotti(self, dopo: Option<Posizione>, righe_per_lotto: u32) -> Lotti {
        let mut lotti = Lotti {
            lettura: Arc::new(self),
            limite: i64::from(righe_per_lotto),
            next: None,
        };
        lotti.next = Some(lotti.leggi(dopo));
        lotti
    }
}

impl Lotti {
    /// What is read.
    #[must_use]
    pub fn lettura(&self) -> &Lettura {
        &self.lettura
    }

    /// The next lotto; `None` after the last.
    ///
    /// # Errors
    /// The database's.
    pub async fn prossimo(&mut self) -> Result<Option<Lotto>> {
        let Some(reading) = self.next.take() else {
            return Ok(None);
        };
        let (lotto, altri) = reading.await.map_err(Error::internal)??;
        if let Some(lotto) = lotto.as_ref().filter(|_| altri) {
            self.next = Some(self.leggi(Some(lotto.fine.clone())));
        }
        Ok(lotto)
    }

    fn leggi(&self, dopo: Option<Posizione>) -> Reading {
        let (lettura, limite) = (Arc::clone(&self.lettura), self.limite);
        AbortOnDropHandle::new(tokio::spawn(async move {
            lettura.righe(dopo.as_ref(), limite).await
        }))
    }
}
