//! Blocks that are read before their turn comes.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream, stream::BoxStream};
use tokio_util::task::AbortOnDropHandle;

use super::block_range::SelectedBlock;
use crate::{
    blocks::stored::{BlockForm, BlockSeries, FetchedBlock},
    contract::column::Column,
    decreto::query::DetailReader,
    error::{Error, Result},
};

/// Blocks that are read at the same time, while those before them are sent: with fewer, processors wait; more of them would
/// only be held for clients that read slowly.
const PREFETCHED: usize = 3;

/// A block that was read.
#[derive(Debug)]
pub(super) struct BlockRead {
    pub(super) block: FetchedBlock,
    /// Whether every row of it is selected.
    pub(super) whole: bool,
}

/// Blocks in their order. `None`: the blocks are gone, they were made again meanwhile.
pub(super) type BlockReads = BoxStream<'static, Result<Option<BlockRead>>>;

impl DetailReader {
    /// Reads these blocks, each in a task of its own, which ends with the stream.
    ///
    /// The stream's errors: [`crate::error::Reason::DerivedDataDamaged`]: other bytes than were stored, or none of a series that is
    /// there. The database's.
    pub(super) fn read_ahead(
        &self,
        series: BlockSeries,
        blocks: Vec<SelectedBlock>,
        form: BlockForm,
    ) -> BlockReads {
        let (pool, series) = (self.pool().clone(), Arc::new(series));
        // Who sees natural persons masked gets them masked from here on.
        let clear = self.may_see(Column::CfAziendaPersonaFisica);
        let read = move |SelectedBlock { meta, whole }| {
            let (pool, series) = (pool.clone(), Arc::clone(&series));
            let reading = AbortOnDropHandle::new(tokio::spawn(async move {
                let found = series.fetch(&pool, meta, form, clear).await?;
                Ok(found.map(|block| BlockRead { block, whole }))
            }));
            async move { reading.await.map_err(Error::internal)? }
        };
        stream::iter(blocks).map(read).buffered(PREFETCHED).boxed()
    }
}
