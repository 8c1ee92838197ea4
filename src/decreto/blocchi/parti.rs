//! A selection in parts that can be read at the same time, and its control totals without a row.

use crate::{
    blocks::{
        posizione::Posizione,
        somme::{Somme, Totali},
    },
    decreto::query::Lettura,
    error::Result,
};

/// Blocks that a part has at least: fewer are not worth a stream of their own.
const BLOCCHI_PER_PARTE: usize = 4;

/// What is known of a selection by its blocks. Where there are none for it: nothing.
#[derive(Debug, Default)]
pub struct Parti {
    /// The sums of the blocks' own. `None`: a block is selected in part, so that its rows have to be added up.
    pub totali: Option<Totali>,
    /// Ends of blocks, which cut the rows into parts of about one size. Each part is read from blocks.
    pub tagli: Vec<Posizione>,
}

impl Lettura {
    /// At most `parti` parts, of lotti of `limite` rows.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: a series that is not what the load made. The database's.
    pub async fn parti(&self, limite: i64, parti: usize) -> Result<Parti> {
        let Some(tratto) = self.tratto(None, limite).await? else {
            return Ok(Parti::default());
        };
        let voci = tratto.voci;
        let mut somme = Somme::default();
        for voce in &voci {
            somme += voce.somme;
        }
        let interi = voci.iter().all(|voce| voce.intero);
        // Blocks are of one size: as many blocks are as many rows, as far as can be known without reading them.
        let parti = parti.min(voci.len() / BLOCCHI_PER_PARTE).max(1);
        let taglio = |parte: usize| Some(voci.get(voci.len() * parte / parti - 1)?.fine.clone());
        Ok(Parti {
            totali: interi.then(|| somme.totali(|colonna| self.vede(colonna))),
            tagli: (1..parti).filter_map(taglio).collect(),
        })
    }
}
