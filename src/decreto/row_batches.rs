//! A selection as a sequence of lotti: what an export sends, and what every other format of it is made from.
//!
//! ```no_run
//! # async fn example(lettura: omnia::decreto::query::DetailReader) -> Result<(), omnia::error::Error> {
//! let mut lotti = lettura.row_batches(None, 4000);
//! while let Some(lotto) = lotti.next().await? {
//!     for riga in lotto.rows() {
//!         println!("{}", riga?.numero_decreto);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! RowBatches are never empty. The next one is read while the one before is used: it is there, or nearly so, when it is asked for.

use std::sync::Arc;

use tokio_util::task::AbortOnDropHandle;

use super::{
    blocks::{BlockReading, NextRows},
    query::DetailReader,
};
use crate::{
    blocks::{RowBatch, cursor::Cursor, sums::ControlSums},
    error::{Error, Result},
};

/// The lotti of a selection, one after the other.
#[derive(Debug)]
pub struct RowBatches {
    lettura: Arc<DetailReader>,
    limite: i64,
    next: Option<BatchReading>,
    /// What was given so far, where all of a norm is to be.
    whole: Option<ControlSums>,
}

/// A task of its own, which ends with its handle: a lotto, and what to read after it.
type BatchReading = AbortOnDropHandle<Result<Option<(RowBatch, Option<BatchStep>)>>>;

/// What is read next.
#[derive(Debug)]
enum BatchStep {
    /// From a position: of blocks or of rows is not decided yet.
    Start(Option<Cursor>),
    /// Blocks, from a point on.
    Blocks(Box<BlockReading>),
    /// Rows after a position.
    Rows(Option<Cursor>),
}

impl DetailReader {
    /// The rows after `dopo` in lotti of so many rows; the last may have fewer, and so may any where there are filters.
    /// Reading begins at once.
    #[must_use]
    pub fn row_batches(self, dopo: Option<Cursor>, righe_per_lotto: u32) -> RowBatches {
        RowBatches::new(Arc::new(self), dopo, righe_per_lotto)
    }

    async fn step(
        self: &Arc<Self>,
        mut passo: BatchStep,
        limite: i64,
    ) -> Result<Option<(RowBatch, Option<BatchStep>)>> {
        loop {
            passo = match passo {
                BatchStep::Start(dopo) => match self.start_blocks(dopo.as_ref(), limite).await? {
                    Some(punto) => BatchStep::Blocks(Box::new(punto)),
                    None => BatchStep::Rows(dopo),
                },
                BatchStep::Blocks(punto) => match self.from_blocks(*punto, limite).await? {
                    NextRows::Rows(letto) => {
                        let (lotto, punto) = *letto;
                        return Ok(Some((lotto, Some(BatchStep::Blocks(Box::new(punto))))));
                    }
                    NextRows::End => return Ok(None),
                    NextRows::Rebuilt(dopo) => BatchStep::Start(dopo),
                },
                BatchStep::Rows(dopo) => {
                    let (lotto, altre) = self.rows(dopo.as_ref(), limite).await?;
                    return Ok(lotto.map(|lotto| {
                        let next = altre.then(|| BatchStep::Rows(Some(lotto.end.clone())));
                        (lotto, next)
                    }));
                }
            }
        }
    }
}

impl RowBatches {
    /// As [`DetailReader::row_batches`], of a reading that is shared.
    #[must_use]
    pub fn new(lettura: Arc<DetailReader>, dopo: Option<Cursor>, righe_per_lotto: u32) -> Self {
        let mut lotti = Self {
            whole: (dopo.is_none() && lettura.is_whole()).then(ControlSums::default),
            lettura,
            limite: i64::from(righe_per_lotto),
            next: None,
        };
        lotti.next = Some(lotti.read(BatchStep::Start(dopo)));
        lotti
    }

    /// What is read.
    #[must_use]
    pub fn reader(&self) -> &DetailReader {
        &self.lettura
    }

    /// The next lotto; `None` after the last, when all that is known of them says that they are all.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: blocks that are not what the load made, or rows that do not come to what it
    /// noted. The database's.
    pub async fn next(&mut self) -> Result<Option<RowBatch>> {
        let read = match self.next.take() {
            Some(reading) => reading.await.map_err(Error::internal)??,
            None => None,
        };
        let Some((lotto, passo)) = read else {
            if let Some(given) = self.whole.take() {
                self.lettura.reconcile(&given).await?;
            }
            return Ok(None);
        };
        if let Some(given) = &mut self.whole {
            *given += lotto.sums;
        }
        self.next = passo.map(|passo| self.read(passo));
        Ok(Some(lotto))
    }

    fn read(&self, passo: BatchStep) -> BatchReading {
        let (lettura, limite) = (Arc::clone(&self.lettura), self.limite);
        AbortOnDropHandle::new(tokio::spawn(
            async move { lettura.step(passo, limite).await },
        ))
    }
}
