//! A selection as batches of rows: what an export sends, and what every other format of it is made from.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # async fn example(reader: Arc<omnia::decreto::query::DetailReader>) -> Result<(), omnia::error::Error> {
//! let mut batches = reader.row_batches(None, 4000);
//! while let Some(batch) = batches.next().await? {
//!     for row in batch.rows() {
//!         println!("{}", row?.numero_decreto);
//!     }
//! }
//! # Ok(())
//! # }
//! ```

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::{block_range::BlockRange, row_filter::RowFilter};
use crate::{
    blocks::{RowBatch, cursor::Cursor, stored::BlockForm, sums::ControlSums},
    decreto::query::DetailReader,
    error::{Error, Result},
};

/// Batches that are ready before they are asked for.
const READY: usize = 1;

/// The batches of a selection, one after the other. None is empty.
#[derive(Debug)]
pub struct RowBatches {
    batches: mpsc::Receiver<RowBatch>,
    /// A task of its own, which ends with its handle.
    reading: Option<AbortOnDropHandle<Result<()>>>,
}

impl RowBatches {
    /// The next batch; `None` after the last, when all that is known of them says that they are all.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: blocks that are not what the load made, or rows that do not come to what it
    /// noted. The database's.
    pub async fn next(&mut self) -> Result<Option<RowBatch>> {
        if let Some(batch) = self.batches.recv().await {
            return Ok(Some(batch));
        }
        // The task has ended: well, or with an error.
        if let Some(reading) = self.reading.take() {
            reading.await.map_err(Error::internal)??;
        }
        Ok(None)
    }
}

impl DetailReader {
    /// The rows after `after` in batches of so many rows; the last may have fewer, and so may any where there are filters.
    /// Reading begins at once.
    #[must_use]
    pub fn row_batches(self: &Arc<Self>, after: Option<Cursor>, batch_rows: u32) -> RowBatches {
        let (sender, batches) = mpsc::channel(READY);
        let output = BatchOutput {
            sender,
            whole: after.is_none() && self.is_whole(),
            end: after,
            sums: ControlSums::default(),
        };
        let reading = Arc::clone(self).read(output, batch_rows.into());
        RowBatches {
            batches,
            reading: Some(AbortOnDropHandle::new(tokio::spawn(reading))),
        }
    }

    /// The loop that the room is about.
    async fn read(self: Arc<Self>, mut output: BatchOutput, limit: i64) -> Result<()> {
        let filter = RowFilter::new(&self);
        'blocks: while let Some(range) = self.block_range(output.end.as_ref(), limit).await? {
            let BlockRange { series, blocks, .. } = range;
            let mut blocks = self.read_ahead(series, blocks, BlockForm::Rows);
            // Rows that are not given yet: more may go with them.
            let mut held: Option<RowBatch> = None;
            loop {
                output.room().await?;
                let Some(read) = blocks.try_next().await? else {
                    break;
                };
                // Made again meanwhile. What is held is read once more, with the rest.
                let Some(block) = read else {
                    continue 'blocks;
                };
                let Some(rows) = filter.select(&block)? else {
                    continue;
                };
                held = Some(match held.take() {
                    Some(full) if full.sums.righe + rows.sums.righe > limit => {
                        output.give(full).await?;
                        rows
                    }
                    Some(some) => join(&some, rows),
                    None => rows,
                });
                // As full as can be: there is nothing to wait for.
                if let Some(full) = held.take_if(|held| held.sums.righe == limit) {
                    output.give(full).await?;
                }
            }
            if let Some(rest) = held {
                output.give(rest).await?;
            }
            return self.check_whole(&output).await;
        }
        loop {
            output.room().await?;
            let (batch, more) = self.rows(output.end.as_ref(), limit).await?;
            if let Some(batch) = batch {
                output.give(batch).await?;
            }
            if !more {
                return self.check_whole(&output).await;
            }
        }
    }

    /// Compares what was given with what was noted, where all of a norm was to be given.
    async fn check_whole(&self, output: &BatchOutput) -> Result<()> {
        match output.whole {
            true => self.reconcile(&output.sums).await,
            false => Ok(()),
        }
    }
}

/// Where a reading gives its batches.
#[derive(Debug)]
struct BatchOutput {
    sender: mpsc::Sender<RowBatch>,
    /// Whether all of a norm is to be given.
    whole: bool,
    /// Where the last batch ended, or what is read begins.
    end: Option<Cursor>,
    /// Over what was given.
    sums: ControlSums,
}

impl BatchOutput {
    /// Waits until a batch may be made: what would have to wait is not even expanded.
    async fn room(&self) -> Result<()> {
        self.sender.reserve().await.map(drop).map_err(no_reader)
    }

    async fn give(&mut self, batch: RowBatch) -> Result<()> {
        self.end = Some(batch.end.clone());
        self.sums += batch.sums;
        self.sender.send(batch).await.map_err(no_reader)
    }
}

/// The task is about to be aborted: this error is not read either.
fn no_reader<T>(_: mpsc::error::SendError<T>) -> Error {
    Error::internal("a reading without a reader")
}

/// The rows of the one, then those of the other.
fn join(first: &RowBatch, then: RowBatch) -> RowBatch {
    let mut sums = first.sums;
    sums += then.sums;
    RowBatch {
        bytes: Bytes::from([&first.bytes[..], &then.bytes].concat()),
        sums,
        end: then.end,
    }
}
