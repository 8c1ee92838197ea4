//! RowBatches from stored blocks ([`crate::blocks::block`]): sent as they are, or filtered.
//!
//! A block serves a selection that sees every column (natural persons masked or not) and filters by nothing but periodo and
//! codifica. It is skipped where its ranges say that nothing in it matches, and sent whole where they say that everything
//! does; else its rows are looked at one by one. The other filters name one decree or one employer: a few rows, which their
//! index finds.
//!
//! ```text
//! periodo 2024          block 0: 2022-01-01 … 2023-11-30      skipped, by its row
//!                       block 1: 2023-06-01 … 2024-08-31      row by row
//!                       block 2: all of it in 2024            as it is
//! ```
//!
//! Nothing of a series is sent before it is known to be what the load made (`tratto`), and no bytes that are not those that were
//! stored (`pezzi`): an export ends with DATA_LOSS.
//!
//! A lotto ends where a block ends, so that the next one can begin with a block: rows that are left over from several blocks
//! are sent together, as long as they are no more than a lotto holds.

mod block_conditions;
mod block_meta;
mod block_range;
mod chunks;
mod parts;
mod prefetcher;
mod ready_batches;
mod row_filter;

use std::sync::Arc;

use bytes::Bytes;

use self::{
    chunks::ChunkKind,
    prefetcher::{NextBlock, Prefetcher},
    row_filter::RowFilter,
};
pub use self::{
    parts::SelectionParts,
    ready_batches::{NextBatch, ReadyBatch, ReadyBatches},
};
use super::query::DetailReader;
use crate::{
    blocks::{RowBatch, cursor::Cursor},
    error::Result,
};

/// Where a reading of blocks stands.
#[derive(Debug)]
pub(super) struct BlockReading {
    coda: Prefetcher,
    /// Where the last lotto ended.
    dopo: Option<Cursor>,
    /// Rows that were read with the last block and did not fit into its lotto.
    avanzo: Option<RowBatch>,
}

impl BlockReading {
    /// The same point, after a lotto.
    fn past(mut self, lotto: &RowBatch, avanzo: Option<RowBatch>) -> Self {
        self.dopo = Some(lotto.end.clone());
        self.avanzo = avanzo;
        self
    }
}

/// What comes from a point on.
#[derive(Debug)]
pub(super) enum NextRows {
    /// A lotto, and the point after it.
    Rows(Box<(RowBatch, BlockReading)>),
    /// Nothing: that was all.
    End,
    /// The blocks are gone: they were made again meanwhile. The rest comes after this position.
    Rebuilt(Option<Cursor>),
}

impl DetailReader {
    /// Where to begin after `dopo`, if there are blocks for this selection and it is less work to read them than the rows.
    pub(super) async fn start_blocks(
        self: &Arc<Self>,
        dopo: Option<&Cursor>,
        limite: i64,
    ) -> Result<Option<BlockReading>> {
        let tratto = self.block_range(dopo, limite).await?;
        Ok(tratto.map(|tratto| BlockReading {
            coda: Prefetcher::new(self, tratto.series, ChunkKind::Rows, tratto.blocks),
            dopo: dopo.cloned(),
            avanzo: None,
        }))
    }

    /// What comes from a point on.
    pub(super) async fn from_blocks(
        self: &Arc<Self>,
        mut punto: BlockReading,
        limite: i64,
    ) -> Result<NextRows> {
        let scelta = RowFilter::new(self);
        let mut in_mano = punto.avanzo.take();
        loop {
            let trovato = match punto.coda.next().await? {
                NextBlock::Block(trovato) => trovato,
                NextBlock::End => break,
                NextBlock::Gone => return Ok(NextRows::Rebuilt(punto.dopo)),
            };
            let Some(lotto) = scelta.select(&trovato)? else {
                continue;
            };
            match in_mano.take() {
                Some(pieno) if pieno.sums.righe + lotto.sums.righe > limite => {
                    let oltre = punto.past(&pieno, Some(lotto));
                    return Ok(NextRows::Rows(Box::new((pieno, oltre))));
                }
                Some(prima) => in_mano = Some(join(&prima, lotto)),
                // As full as can be: there is nothing to wait for.
                None if lotto.sums.righe == limite => {
                    let oltre = punto.past(&lotto, None);
                    return Ok(NextRows::Rows(Box::new((lotto, oltre))));
                }
                None => in_mano = Some(lotto),
            }
        }
        Ok(match in_mano {
            Some(resto) => {
                let oltre = punto.past(&resto, None);
                NextRows::Rows(Box::new((resto, oltre)))
            }
            None => NextRows::End,
        })
    }
}

/// The rows of the one, then those of the other.
fn join(prima: &RowBatch, dopo: RowBatch) -> RowBatch {
    let mut byte = Vec::with_capacity(prima.bytes.len() + dopo.bytes.len());
    byte.extend_from_slice(&prima.bytes);
    byte.extend_from_slice(&dopo.bytes);
    let mut somme = prima.sums;
    somme += dopo.sums;
    RowBatch {
        bytes: Bytes::from(byte),
        sums: somme,
        end: dopo.end,
    }
}
