//! Where the blocks of a selection are, and whether all of their series are what the load made.
//!
//! A series is checked as a whole before a byte of it is read: its row, the row of every block, and that they add up to what the load
//! noted of the norm, apart from the series ([`crate::rilevazione::control`]). So a block that is missing, one too many, or one whose
//! ranges say that it may be skipped is found whatever the filters are. What a block holds is checked when it is read
//! ([`crate::blocks::stored`]).

use crate::{
    blocks::{
        arrow::BatchDictionaries,
        cursor::Cursor,
        detail_row::DETAIL_COLUMNS,
        stored::{BlockMeta, BlockSeries, SeriesRow},
        sums::ControlSums,
    },
    decreto::query::DetailReader,
    error::Result,
};

/// Blocks of a series: those in which something may match, after one position and up to another.
#[derive(Debug)]
pub(super) struct BlockRange {
    pub(super) series: BlockSeries,
    /// What the record batches of the series point into.
    pub(super) dictionaries: BatchDictionaries,
    /// In reading order.
    pub(super) blocks: Vec<SelectedBlock>,
}

/// A block in which something may match.
#[derive(Debug)]
pub(super) struct SelectedBlock {
    pub(super) meta: BlockMeta,
    /// Whether every row of it does.
    pub(super) whole: bool,
}

impl DetailReader {
    /// The blocks after `after`, of `batch_rows` rows each but the last; `None` where there are none for this selection, or to read the
    /// rows is less work.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: the series is not what the load made. The database's.
    pub(super) async fn block_range(
        &self,
        after: Option<&Cursor>,
        batch_rows: i64,
    ) -> Result<Option<BlockRange>> {
        let filtro = self.selection();
        let sees_all = DETAIL_COLUMNS
            .into_iter()
            .all(|column| self.may_see(column));
        let by_index = filtro.numero_decreto.is_some()
            || filtro.cf_azienda.is_some()
            || filtro.matricola_azienda.is_some();
        if !sees_all || by_index {
            return Ok(None);
        }
        let (pool, normativa) = (self.pool(), filtro.normativa.as_str());
        let by_codifica = filtro.codifica_sistema_unico.is_some();
        loop {
            let row = SeriesRow::find(pool, normativa, self.rilevazione());
            let (row, noted) = tokio::try_join!(row, self.noted())?;
            let Some(row) = row.filter(|row| row.has_blocks_of(batch_rows)) else {
                return Ok(None);
            };
            let (series, dictionaries) = row.check(normativa)?;
            let begins = |dal_rilevazione| dal_rilevazione == series.dal_rilevazione;
            if !noted.iter().all(|one| begins(one.dal_rilevazione)) {
                return Err(series.damaged(
                    "the norm's rows are others in this rilevazione than in those of the series",
                ));
            }
            // Made again between the one and the other.
            let Some(blocks) = series.blocks(pool, by_codifica).await? else {
                continue;
            };
            let sum = total(blocks.iter().map(|block| block.sums));
            let noted = total(noted.iter().map(|one| one.sums));
            if sum != noted {
                let what = format!("its blocks add up to {sum}, and {noted} was noted");
                return Err(series.damaged(what));
            }
            return Ok(self.choose(blocks, after).map(|blocks| BlockRange {
                series,
                dictionaries,
                blocks,
            }));
        }
    }

    /// Those that the selection reads.
    fn choose(&self, blocks: Vec<BlockMeta>, after: Option<&Cursor>) -> Option<Vec<SelectedBlock>> {
        let next_to = |end: &Cursor| Some(blocks.iter().position(|block| block.end == *end)? + 1);
        // A position that is no block's end is one of another source of rows, which goes on with it.
        let first = match after {
            None => 0,
            Some(after) => next_to(after)?,
        };
        let end = match self.end() {
            None => blocks.len(),
            Some(last) => next_to(last)?,
        };
        let in_scope = self.permesso().ambito().prestazioni().texts();
        let mut blocks: Vec<SelectedBlock> = blocks
            .into_iter()
            .take(end)
            .skip(first)
            .filter_map(|block| self.may_match(block, in_scope.as_deref()))
            .collect();
        if self.is_rare(&blocks) {
            return None;
        }
        // They have decided what they are for; an export lasts.
        for SelectedBlock { meta, .. } in &mut blocks {
            (meta.prestazioni, meta.codifiche) = (Vec::new(), Vec::new());
        }
        Some(blocks)
    }
}

/// Added up.
pub(super) fn total(sums: impl Iterator<Item = ControlSums>) -> ControlSums {
    sums.fold(ControlSums::default(), |mut total, sums| {
        total += sums;
        total
    })
}
