//! A selection in parts that can be read at the same time, and its control totals without a row.

use super::block_range::total;
use crate::{
    blocks::{cursor::Cursor, sums::ControlTotals},
    decreto::query::DetailReader,
    error::Result,
};

/// Blocks that a part has at least: fewer are not worth a stream of their own.
const BLOCKS_PER_PART: usize = 4;

/// What is known of a selection by its blocks. Where there are none for it: nothing.
#[derive(Debug, Default)]
pub struct SelectionParts {
    /// The sums of the blocks' own. `None`: a block is selected in part, so that its rows have to be added up.
    pub totali: Option<ControlTotals>,
    /// Ends of blocks, which cut the rows into parts of about one size. Each part is read from blocks.
    pub cuts: Vec<Cursor>,
}

impl DetailReader {
    /// At most `most` parts, of batches of `batch_rows` rows.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: a series that is not what the load made. The database's.
    pub async fn parts(&self, batch_rows: u32, most: usize) -> Result<SelectionParts> {
        let Some(range) = self.block_range(None, batch_rows.into()).await? else {
            return Ok(SelectionParts::default());
        };
        let blocks = range.blocks;
        let sums = total(blocks.iter().map(|block| block.meta.sums));
        let whole = blocks.iter().all(|block| block.whole);
        // Blocks are of one size: as many blocks are as many rows, as far as can be known without reading them.
        let parts = most.min(blocks.len() / BLOCKS_PER_PART).max(1);
        let cut = |part: usize| {
            let last = blocks.get(blocks.len() * part / parts - 1)?;
            Some(last.meta.end.clone())
        };
        Ok(SelectionParts {
            totali: whole.then(|| sums.totali(|column| self.may_see(column))),
            cuts: (1..parts).filter_map(cut).collect(),
        })
    }
}
