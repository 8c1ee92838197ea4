//! Blocks that are read before their turn comes.

use std::{collections::VecDeque, sync::Arc, vec};

use tokio_util::task::AbortOnDropHandle;

use super::{
    block_meta::{BlockMeta, damaged},
    block_range::BlockSeries,
    chunks::{ChunkKind, Chunks},
};
use crate::{
    decreto::query::DetailReader,
    error::{Error, Result},
};

/// Blocks that are read at the same time, while those before them are sent: with fewer, processors wait; more of them would
/// only be held for clients that read slowly.
const PREFETCHED: usize = 3;

/// The blocks of a series, in their order.
#[derive(Debug)]
pub(super) struct Prefetcher {
    lettura: Arc<DetailReader>,
    serie: BlockSeries,
    cosa: ChunkKind,
    /// Those that nobody reads yet.
    voci: vec::IntoIter<BlockMeta>,
    /// Each is a task of its own, which ends with its handle.
    letture: VecDeque<AbortOnDropHandle<Result<Option<FetchedBlock>>>>,
}

/// A block that was read.
#[derive(Debug)]
pub(super) struct FetchedBlock {
    pub(super) meta: BlockMeta,
    pub(super) chunks: Chunks,
}

/// See [`Prefetcher::next`].
#[derive(Debug)]
pub(super) enum NextBlock {
    /// What was read.
    Block(Box<FetchedBlock>),
    /// There are no more.
    End,
    /// It was there when the reading began: the blocks were made again meanwhile.
    Gone,
}

impl Prefetcher {
    /// Begins to read.
    pub(super) fn new(
        lettura: &Arc<DetailReader>,
        serie: BlockSeries,
        cosa: ChunkKind,
        voci: Vec<BlockMeta>,
    ) -> Self {
        let mut coda = Self {
            lettura: Arc::clone(lettura),
            serie,
            cosa,
            voci: voci.into_iter(),
            letture: VecDeque::with_capacity(PREFETCHED),
        };
        for _ in 0..PREFETCHED {
            coda.read();
        }
        coda
    }

    fn read(&mut self) {
        if let Some(voce) = self.voci.next() {
            let (lettura, serie, cosa) = (Arc::clone(&self.lettura), self.serie, self.cosa);
            let task = tokio::spawn(async move {
                let pezzi = lettura.chunks(serie, &voce, cosa).await?;
                Ok(pezzi.map(|pezzi| FetchedBlock {
                    meta: voce,
                    chunks: pezzi,
                }))
            });
            self.letture.push_back(AbortOnDropHandle::new(task));
        }
    }

    /// The next block, while another one begins to be read.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: other bytes than were stored, or none of a series that is there. The database's.
    pub(super) async fn next(&mut self) -> Result<NextBlock> {
        let Some(lettura) = self.letture.pop_front() else {
            return Ok(NextBlock::End);
        };
        let trovato = lettura.await.map_err(Error::internal)??;
        self.read();
        match trovato {
            Some(trovato) => Ok(NextBlock::Block(Box::new(trovato))),
            None if self.lettura.series_exists(self.serie.id).await? => {
                let what = "one of its blocks has none of its pieces";
                Err(damaged(&self.lettura, self.serie, what))
            }
            None => Ok(NextBlock::Gone),
        }
    }
}
