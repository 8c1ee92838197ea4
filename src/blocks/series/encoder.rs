//! Rows in, blocks and record batches out.

use crate::{
    blocks::{
        arrow::{
            BatchDictionaries,
            stored_batch::{StoredBatch, StoredBatchBuilder},
        },
        block::{Block, BlockBuilder},
    },
    error::Result,
    rilevazione::detail::page::PageRow,
};

/// The same rows, twice encoded.
pub(super) type Encoded = (Block, StoredBatch);

/// Encodes the rows of a series.
pub(super) struct SeriesEncoder {
    rows_per_block: u32,
    block: BlockBuilder,
    batch: StoredBatchBuilder,
    /// Rows in these two.
    rows: u32,
}

impl SeriesEncoder {
    /// Of blocks of so many rows, without any.
    pub(super) fn new(rows_per_block: u32) -> Result<Self> {
        Ok(Self {
            rows_per_block,
            block: BlockBuilder::default(),
            batch: StoredBatchBuilder::new()?,
            rows: 0,
        })
    }

    /// Adds a row; a block that is full with it.
    pub(super) fn add(&mut self, row: &PageRow<'_>) -> Result<Option<Encoded>> {
        let PageRow {
            key,
            persona_fisica,
            row,
        } = row;
        self.block.add(*key, row, *persona_fisica)?;
        self.batch.add(row, *persona_fisica)?;
        self.rows += 1;
        if self.rows < self.rows_per_block {
            return Ok(None);
        }
        self.finish_block()
    }

    /// The rows since the last block; `None`: there are none.
    pub(super) fn finish_block(&mut self) -> Result<Option<Encoded>> {
        self.rows = 0;
        match self.block.finish()? {
            Some(block) => Ok(Some((block, self.batch.finish()?))),
            None => Ok(None),
        }
    }

    /// Those of all batches so far.
    pub(super) fn dictionaries(&self) -> BatchDictionaries {
        self.batch.dictionaries()
    }
}
