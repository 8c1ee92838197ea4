//! Blocks that are read before their turn comes.

use std::{collections::VecDeque, vec};

use tokio_util::task::AbortOnDropHandle;

use crate::error::{Error, Result};

/// Blocks that are read at the same time, while those before them are sent: with fewer, processors wait; more of them would
/// only be held for clients that read slowly.
const INSIEME: usize = 3;

/// Something of each of some blocks, in their order.
#[derive(Debug)]
pub(super) struct Coda<T> {
    /// Where those are that nobody reads yet.
    posti: vec::IntoIter<i32>,
    /// Each is a task of its own, which ends with its handle. `None`: there is no such block any more.
    letture: VecDeque<AbortOnDropHandle<Result<Option<T>>>>,
}

/// See [`Coda::prossimo`].
pub(super) enum Prossimo<T> {
    /// What was read.
    Blocco(T),
    /// There are no more.
    Fine,
    /// It was there when the reading began: the blocks were made again meanwhile.
    Sparito,
}

impl<T: Send + 'static> Coda<T> {
    /// Of the blocks at these places; `leggi` reads one.
    pub(super) fn new<F>(posti: Vec<i32>, leggi: impl Fn(i32) -> F) -> Self
    where
        F: Future<Output = Result<Option<T>>> + Send + 'static,
    {
        let mut coda = Self {
            posti: posti.into_iter(),
            letture: VecDeque::with_capacity(INSIEME),
        };
        for _ in 0..INSIEME {
            coda.avvia(&leggi);
        }
        coda
    }

    fn avvia<F>(&mut self, leggi: impl Fn(i32) -> F)
    where
        F: Future<Output = Result<Option<T>>> + Send + 'static,
    {
        if let Some(posto) = self.posti.next() {
            let task = tokio::spawn(leggi(posto));
            self.letture.push_back(AbortOnDropHandle::new(task));
        }
    }

    /// What was read of the next block, while another one begins to be read.
    pub(super) async fn prossimo<F>(&mut self, leggi: impl Fn(i32) -> F) -> Result<Prossimo<T>>
    where
        F: Future<Output = Result<Option<T>>> + Send + 'static,
    {
        let Some(lettura) = self.letture.pop_front() else {
            return Ok(Prossimo::Fine);
        };
        let letto = lettura.await.map_err(Error::internal)??;
        self.avvia(leggi);
        Ok(letto.map_or(Prossimo::Sparito, Prossimo::Blocco))
    }
}
