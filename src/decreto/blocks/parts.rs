//! A selection in parts that can be read at the same time, and its control totals without a row.

use crate::{
    blocks::{
        cursor::Cursor,
        sums::{ControlSums, ControlTotals},
    },
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
    /// At most `parti` parts, of lotti of `limite` rows.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: a series that is not what the load made. The database's.
    pub async fn parts(&self, limite: i64, parti: usize) -> Result<SelectionParts> {
        let Some(tratto) = self.block_range(None, limite).await? else {
            return Ok(SelectionParts::default());
        };
        let voci = tratto.blocks;
        let mut somme = ControlSums::default();
        for voce in &voci {
            somme += voce.sums;
        }
        let interi = voci.iter().all(|voce| voce.whole);
        // Blocks are of one size: as many blocks are as many rows, as far as can be known without reading them.
        let parti = parti.min(voci.len() / BLOCKS_PER_PART).max(1);
        let taglio = |parte: usize| Some(voci.get(voci.len() * parte / parti - 1)?.end.clone());
        Ok(SelectionParts {
            totali: interi.then(|| somme.totali(|colonna| self.may_see(colonna))),
            cuts: (1..parti).filter_map(taglio).collect(),
        })
    }
}
