//! Stored record batches, sent as they are ([`crate::blocks::arrow::stored_batch`]).
//!
//! They serve a selection of which every block is selected whole or not at all, for a caller that sees every column and has all the
//! benefits of the norm in scope. Whatever else is asked is encoded from its rows when it is asked for; so is the rest of a stream whose
//! blocks are made again while it is read.

use futures_util::{StreamExt as _, stream::BoxStream};

use super::{block_range::BlockRange, read_ahead::BlockRead};
use crate::{
    blocks::{
        arrow::{BatchDictionaries, ipc::IpcMessage},
        cursor::Cursor,
        stored::BlockForm,
        sums::ControlSums,
    },
    decreto::query::DetailReader,
    error::Result,
};

/// A batch, and what it holds.
#[derive(Debug)]
pub struct ReadyBatch {
    /// As it is sent.
    pub message: IpcMessage,
    /// Over its rows.
    pub sums: ControlSums,
    /// Where the rows end: those after this position are the rest.
    pub end: Cursor,
}

/// The batches of a selection.
pub struct ReadyBatches {
    /// What they point into.
    pub dictionaries: BatchDictionaries,
    /// One after the other. `None`: the rest is gone, the blocks were made again meanwhile.
    pub batches: BoxStream<'static, Result<Option<ReadyBatch>>>,
}

impl DetailReader {
    /// The batches after `after`, of `batch_rows` rows each but the last; `None` where there are none for this selection.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: a series that is not what the load made; of the stream: other bytes than were
    /// stored. The database's.
    pub async fn ready_batches(
        &self,
        after: Option<&Cursor>,
        batch_rows: u32,
    ) -> Result<Option<ReadyBatches>> {
        let Some(range) = self.block_range(after, batch_rows.into()).await? else {
            return Ok(None);
        };
        let BlockRange {
            series,
            dictionaries,
            blocks,
        } = range;
        // The dictionaries would name benefits beyond the scope, and their codes.
        let in_scope = self.permesso().ambito().prestazioni().texts();
        let beyond = |codes: Vec<String>| {
            let mut named = dictionaries.prestazioni.iter();
            named.any(|code| !codes.contains(code))
        };
        if in_scope.is_some_and(beyond) || !blocks.iter().all(|block| block.whole) {
            return Ok(None);
        }
        let read = self.read_ahead(series, blocks, BlockForm::Batch);
        let batches = read.map(|read| read?.map(ReadyBatch::of).transpose());
        Ok(Some(ReadyBatches {
            dictionaries,
            batches: batches.boxed(),
        }))
    }
}

impl ReadyBatch {
    fn of(BlockRead { block, .. }: BlockRead) -> Result<Self> {
        Ok(Self {
            sums: block.meta.sums,
            end: block.meta.end.clone(),
            message: block.batch()?,
        })
    }
}
