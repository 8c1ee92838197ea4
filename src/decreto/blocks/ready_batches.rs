//! Stored record batches, sent as they are ([`crate::blocks::arrow::stored_batch`]).
//!
//! They serve a selection of which every block is selected whole or not at all, for a caller that sees every column and has all the
//! benefits of the norm in scope. Whatever else is asked is encoded from its rows when it is asked for; so is the rest of a stream whose
//! blocks are made again while it is read.

use std::sync::Arc;

use super::{
    block_range::BlockRange,
    chunks::ChunkKind,
    prefetcher::{FetchedBlock, NextBlock, Prefetcher},
};
use crate::{
    blocks::{
        arrow::{BatchDictionaries, ipc::IpcMessage},
        cursor::Cursor,
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

/// The batches of a selection, one after the other.
#[derive(Debug)]
pub struct ReadyBatches {
    coda: Prefetcher,
    dizionari: BatchDictionaries,
}

/// What follows.
#[derive(Debug)]
pub enum NextBatch {
    /// A batch.
    Batch(Box<ReadyBatch>),
    /// Nothing: that was all.
    End,
    /// Other blocks than those that were read so far, which have been made again.
    Rebuilt,
}

impl DetailReader {
    /// The batches after `dopo`, of `limite` rows each but the last; `None` where there are none for this selection.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: a series that is not what the load made. The database's.
    pub async fn ready_batches(
        self: &Arc<Self>,
        dopo: Option<&Cursor>,
        limite: i64,
    ) -> Result<Option<ReadyBatches>> {
        let Some(tratto) = self.block_range(dopo, limite).await? else {
            return Ok(None);
        };
        let BlockRange {
            series: serie,
            dictionaries: dizionari,
            blocks: voci,
        } = tratto;
        // The dictionaries would name benefits beyond the scope, and their codes.
        let ambito = self.permesso().ambito().prestazioni().texts();
        if ambito.is_some_and(|sue| dizionari.prestazioni.iter().any(|p| !sue.contains(p))) {
            return Ok(None);
        }
        if !voci.iter().all(|voce| voce.whole) {
            return Ok(None);
        }
        Ok(Some(ReadyBatches {
            coda: Prefetcher::new(self, serie, ChunkKind::Batch, voci),
            dizionari,
        }))
    }
}

impl ReadyBatches {
    /// What the batches point into.
    #[must_use]
    pub fn dictionaries(&self) -> &BatchDictionaries {
        &self.dizionari
    }

    /// The next batch.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: other bytes than were stored. The database's.
    pub async fn next(&mut self) -> Result<NextBatch> {
        let FetchedBlock {
            meta: voce,
            chunks: pezzi,
        } = match self.coda.next().await? {
            NextBlock::Block(trovato) => *trovato,
            NextBlock::End => return Ok(NextBatch::End),
            NextBlock::Gone => return Ok(NextBatch::Rebuilt),
        };
        Ok(NextBatch::Batch(Box::new(ReadyBatch {
            message: IpcMessage {
                body: pezzi.expand_batch(voce.batch_len, voce.masked)?,
                header: pezzi.header,
            },
            sums: voce.sums,
            end: voce.end,
        })))
    }
}
