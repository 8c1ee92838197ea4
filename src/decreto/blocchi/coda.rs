//! Blocks that are read before their turn comes.

use std::{collections::VecDeque, sync::Arc, vec};

use tokio_util::task::AbortOnDropHandle;

use super::{
    elenco::{Voce, damaged},
    pezzi::{Cosa, Pezzi},
    tratto::Serie,
};
use crate::{
    decreto::query::Lettura,
    error::{Error, Result},
};

/// Blocks that are read at the same time, while those before them are sent: with fewer, processors wait; more of them would
/// only be held for clients that read slowly.
const INSIEME: usize = 3;

/// The blocks of a series, in their order.
#[derive(Debug)]
pub(super) struct Coda {
    lettura: Arc<Lettura>,
    serie: Serie,
    cosa: Cosa,
    /// Those that nobody reads yet.
    voci: vec::IntoIter<Voce>,
    /// Each is a task of its own, which ends with its handle.
    letture: VecDeque<AbortOnDropHandle<Result<Option<Trovato>>>>,
}

/// A block that was read.
#[derive(Debug)]
pub(super) struct Trovato {
    pub(super) voce: Voce,
    pub(super) pezzi: Pezzi,
}

/// See [`Coda::prossimo`].
#[derive(Debug)]
pub(super) enum Prossimo {
    /// What was read.
    Blocco(Box<Trovato>),
    /// There are no more.
    Fine,
    /// It was there when the reading began: the blocks were made again meanwhile.
    Sparito,
}

impl Coda {
    /// Begins to read.
    pub(super) fn new(lettura: &Arc<Lettura>, serie: Serie, cosa: Cosa, voci: Vec<Voce>) -> Self {
        let mut coda = Self {
            lettura: Arc::clone(lettura),
            serie,
            cosa,
            voci: voci.into_iter(),
            letture: VecDeque::with_capacity(INSIEME),
        };
        for _ in 0..INSIEME {
            coda.leggi();
        }
        coda
    }

    fn leggi(&mut self) {
        if let Some(voce) = self.voci.next() {
            let (lettura, serie, cosa) = (Arc::clone(&self.lettura), self.serie, self.cosa);
            let task = tokio::spawn(async move {
                let pezzi = lettura.pezzi(serie, &voce, cosa).await?;
                Ok(pezzi.map(|pezzi| Trovato { voce, pezzi }))
            });
            self.letture.push_back(AbortOnDropHandle::new(task));
        }
    }

    /// The next block, while another one begins to be read.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: other bytes than were stored, or none of a series that is there. The database's.
    pub(super) async fn prossimo(&mut self) -> Result<Prossimo> {
        let Some(lettura) = self.letture.pop_front() else {
            return Ok(Prossimo::Fine);
        };
        let trovato = lettura.await.map_err(Error::internal)??;
        self.leggi();
        match trovato {
            Some(trovato) => Ok(Prossimo::Blocco(Box::new(trovato))),
            None if self.lettura.esiste(self.serie.id).await? => {
                let what = "one of its blocks has none of its pieces";
                Err(damaged(&self.lettura, self.serie, what))
            }
            None => Ok(Prossimo::Sparito),
        }
    }
}
