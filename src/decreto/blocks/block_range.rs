//! Where the blocks of a selection are, and whether all of their series are what the load made.
//!
//! A series is checked as a whole before a byte of it is read: its row, the row of every block, and that they add up to what the load
//! noted of the norm, apart from the series ([`crate::rilevazione::control`]). So a block that is missing, one too many, or one whose
//! ranges say that it may be skipped is found whatever the filters are. What a block holds is checked when it is read ([`super::chunks`]).

use super::block_meta::{BlockMeta, damaged};
use crate::{
    blocks::{
        arrow::BatchDictionaries, cursor::Cursor, detail_row::DETAIL_COLUMNS,
        series::series_checksum, sums::ControlSums,
    },
    decreto::query::DetailReader,
    error::{Error, Result},
    postgres::from_row,
    rilevazione::control::Noted,
};

/// Blocks of a series: those in which something may match, after one position and up to another.
#[derive(Debug)]
pub(super) struct BlockRange {
    pub(super) series: BlockSeries,
    /// What the record batches of the series point into.
    pub(super) dictionaries: BatchDictionaries,
    /// In reading order.
    pub(super) blocks: Vec<BlockMeta>,
}

/// Which series: the norm is that of the selection.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockSeries {
    pub(super) id: i64,
    pub(super) dal_rilevazione: i32,
}

#[derive(Debug)]
struct StoredSeries {
    id: i64,
    dal_rilevazione: i32,
    blocchi: i32,
    righe_per_blocco: i32,
    dizionario_prestazioni: Option<Vec<String>>,
    dizionario_codifiche: Option<Vec<String>>,
    checksum: Option<i64>,
}

from_row!(StoredSeries {
    id,
    dal_rilevazione,
    blocchi,
    righe_per_blocco,
    dizionario_prestazioni,
    dizionario_codifiche,
    checksum,
});

impl DetailReader {
    /// The blocks after `dopo`, of `limite` rows each but the last; `None` where there are none for this selection, or to read the
    /// rows is less work.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: the series is not what the load made. The database's.
    pub(super) async fn block_range(
        &self,
        dopo: Option<&Cursor>,
        limite: i64,
    ) -> Result<Option<BlockRange>> {
        let filtro = self.permesso().selection();
        let sees_all = DETAIL_COLUMNS
            .into_iter()
            .all(|colonna| self.may_see(colonna));
        let by_index = filtro.numero_decreto.is_some()
            || filtro.cf_azienda.is_some()
            || filtro.matricola_azienda.is_some();
        if !sees_all || by_index {
            return Ok(None);
        }
        loop {
            let (found, noted) = tokio::try_join!(self.stored_series(), self.noted())?;
            let Some(stored) = found else {
                return Ok(None);
            };
            // From before there were checksums, or of another size.
            if i64::from(stored.righe_per_blocco) != limite || stored.checksum.is_none() {
                return Ok(None);
            }
            let serie = BlockSeries {
                id: stored.id,
                dal_rilevazione: stored.dal_rilevazione,
            };
            let dizionari = self.whole(serie, &stored, noted)?;
            let voci = self.block_list(serie).await?;
            if usize::try_from(stored.blocchi) != Ok(voci.len()) {
                // Made again between the one and the other.
                if !self.series_exists(serie.id).await? {
                    continue;
                }
                let (says, has) = (stored.blocchi, voci.len());
                let what = format!("it says that it has {says} blocks, and has {has}");
                return Err(damaged(self, serie, what));
            }
            let mut sum = ControlSums::default();
            for voce in &voci {
                sum += voce.sums;
            }
            if sum != total(noted) {
                let what = format!("its blocks add up to {sum}, and {} was noted", total(noted));
                return Err(damaged(self, serie, what));
            }
            return Ok(self.choose(serie, dizionari, voci, dopo));
        }
    }

    /// Those that the selection reads.
    fn choose(
        &self,
        serie: BlockSeries,
        dizionari: BatchDictionaries,
        voci: Vec<BlockMeta>,
        dopo: Option<&Cursor>,
    ) -> Option<BlockRange> {
        let after = |ultima: &Cursor| voci.iter().position(|voce| voce.end == *ultima);
        // A position that is no block's end is one of another source of rows, which goes on with it.
        let first = match dopo {
            None => 0,
            Some(dopo) => after(dopo)? + 1,
        };
        let end = match self.end() {
            None => voci.len(),
            Some(fine) => after(fine)? + 1,
        };
        let in_scope = self.permesso().ambito().prestazioni().texts();
        let mut voci: Vec<BlockMeta> = voci
            .into_iter()
            .take(end)
            .skip(first)
            .filter_map(|voce| self.may_match(voce, in_scope.as_deref()))
            .collect();
        if self.is_rare(&voci) {
            return None;
        }
        // They have decided what they are for; an export lasts.
        for voce in &mut voci {
            (voce.prestazioni, voce.codifiche) = (Vec::new(), Vec::new());
        }
        Some(BlockRange {
            series: serie,
            dictionaries: dizionari,
            blocks: voci,
        })
    }

    /// Whether the row of a series is what the load wrote, and its rilevazioni are those of the norm's totals.
    fn whole(
        &self,
        serie: BlockSeries,
        stored: &StoredSeries,
        noted: &[Noted],
    ) -> Result<BatchDictionaries> {
        let (Some(prestazioni), Some(codifiche)) = (
            stored.dizionario_prestazioni.clone(),
            stored.dizionario_codifiche.clone(),
        ) else {
            return Err(damaged(self, serie, "it has no dictionaries"));
        };
        let dizionari = BatchDictionaries {
            prestazioni,
            codifiche,
        };
        let checksum = series_checksum(
            self.selection().normativa.as_str(),
            stored.dal_rilevazione,
            stored.righe_per_blocco,
            stored.blocchi,
            &dizionari,
        );
        if stored.checksum != Some(checksum) {
            return Err(damaged(self, serie, "its row is not what was written"));
        }
        let same = |one: &Noted| one.dal_rilevazione == stored.dal_rilevazione;
        if !noted.iter().all(same) {
            let what = "the norm's rows are others in this rilevazione than in those of the series";
            return Err(damaged(self, serie, what));
        }
        Ok(dizionari)
    }

    async fn stored_series(&self) -> Result<Option<StoredSeries>> {
        let normativa = self.selection().normativa.as_str();
        let query = sqlx::query_as(
            "select id, dal_rilevazione, blocchi, righe_per_blocco, dizionario_prestazioni, dizionario_codifiche, checksum
             from serie
             where normativa = $1 and dal_rilevazione <= $2 and al_rilevazione >= $2
             limit 2",
        );
        let mut found: Vec<StoredSeries> = query
            .bind(normativa)
            .bind(self.rilevazione())
            .fetch_all(self.pool())
            .await?;
        if found.len() > 1 {
            let rilevazione = self.rilevazione();
            return Err(Error::damaged(format!(
                "two series of blocks of {normativa} are for rilevazione {rilevazione}"
            )));
        }
        Ok(found.pop())
    }
}

/// What was noted of a norm, all benefits together.
fn total(noted: &[Noted]) -> ControlSums {
    let mut total = ControlSums::default();
    for one in noted {
        total += one.sums;
    }
    total
}
