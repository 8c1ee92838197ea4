//! What is known of the blocks of a series without their rows.

use std::fmt;

use super::block_range::BlockSeries;
use crate::{
    blocks::{
        checksum::{self, BlockHeader, BlockPlace, Checksums},
        cursor::Cursor,
        sums::ControlSums,
    },
    decreto::query::DetailReader,
    error::{Error, Result},
    postgres::from_row,
};
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// A block whose row is what was written.
#[derive(Debug)]
pub(super) struct BlockMeta {
    pub(super) index: i32,
    /// Whether every row of it is selected.
    pub(super) whole: bool,
    /// Over all its rows.
    pub(super) sums: ControlSums,
    /// Where its rows end.
    pub(super) end: Cursor,
    /// Length of its rows.
    pub(super) rows_len: usize,
    /// Length of its record batch.
    pub(super) batch_len: usize,
    /// How many natural persons are masked in it.
    pub(super) masked: usize,
    pub(super) checksums: Checksums,
    /// First and last day.
    pub(super) validita_dal: [NaiveDate; 2],
    pub(super) validita_al: [NaiveDate; 2],
    pub(super) prestazioni: Vec<String>,
    /// Rows of each codifica; only where a codifica is asked for.
    pub(super) codifiche: Vec<(String, i32)>,
}

#[derive(Debug)]
struct StoredBlock {
    posto: i32,
    righe: i32,
    ore_decretate: Decimal,
    importi_autorizzati: Decimal,
    importi_erogati: Decimal,
    prima_data: NaiveDate,
    prima_numero: String,
    prima_id: i64,
    ultima_data: NaiveDate,
    ultima_numero: String,
    ultima_id: i64,
    validita_dal_min: NaiveDate,
    validita_dal_max: NaiveDate,
    validita_al_min: NaiveDate,
    validita_al_max: NaiveDate,
    prestazioni: Vec<String>,
    byte: i32,
    mascherate: i32,
    batch_byte: Option<i32>,
    checksum: Option<Vec<i64>>,
    codifiche: Option<Vec<String>>,
    codifiche_righe: Option<Vec<i32>>,
}

from_row!(StoredBlock {
    posto,
    righe,
    ore_decretate,
    importi_autorizzati,
    importi_erogati,
    prima_data,
    prima_numero,
    prima_id,
    ultima_data,
    ultima_numero,
    ultima_id,
    validita_dal_min,
    validita_dal_max,
    validita_al_min,
    validita_al_max,
    prestazioni,
    byte,
    mascherate,
    batch_byte,
    checksum,
    codifiche,
    codifiche_righe,
});

impl StoredBlock {
    /// `None`: it is not what was written at this place.
    fn read(self, place: BlockPlace<'_>) -> Option<BlockMeta> {
        let (header, checksums) = Checksums::read(self.checksum.as_deref()?)?;
        let length = |length: i32| usize::try_from(length).ok();
        let somme = ControlSums::from_decimals(
            self.righe.into(),
            [
                self.ore_decretate,
                self.importi_autorizzati,
                self.importi_erogati,
            ],
        );
        let prima = Cursor {
            data_decreto: self.prima_data,
            numero_decreto: self.prima_numero,
            id: self.prima_id,
        };
        let voce = BlockMeta {
            index: self.posto,
            whole: false,
            sums: somme,
            end: Cursor {
                data_decreto: self.ultima_data,
                numero_decreto: self.ultima_numero,
                id: self.ultima_id,
            },
            rows_len: length(self.byte)?,
            batch_len: length(self.batch_byte?)?,
            masked: length(self.mascherate)?,
            checksums,
            validita_dal: [self.validita_dal_min, self.validita_dal_max],
            validita_al: [self.validita_al_min, self.validita_al_max],
            prestazioni: self.prestazioni,
            codifiche: match (self.codifiche, self.codifiche_righe) {
                (Some(codifiche), Some(righe)) => {
                    let same = checksum::codifiche(place, &codifiche, &righe);
                    (same == checksums.codifiche).then_some(())?;
                    codifiche.into_iter().zip(righe).collect()
                }
                _ => Vec::new(),
            },
        };
        let written = BlockHeader {
            sums: &voce.sums,
            first: &prima,
            last: &voce.end,
            validita_dal: voce.validita_dal,
            validita_al: voce.validita_al,
            prestazioni: &voce.prestazioni,
            rows_len: voce.rows_len,
            masked: voce.masked,
            batch_len: voce.batch_len,
            checksums,
        };
        (voce.index == place.index && written.checksum(place) == header).then_some(voce)
    }
}

impl DetailReader {
    /// All blocks of a series, in reading order.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: the row of one is not what was written. The database's.
    pub(super) async fn block_list(&self, serie: BlockSeries) -> Result<Vec<BlockMeta>> {
        // The codifiche are many: they are read, and compared, where they decide something.
        let by_codifica = self.selection().codifica_sistema_unico.is_some();
        let stored: Vec<StoredBlock> = sqlx::query_as(
            "select posto, righe, ore_decretate, importi_autorizzati, importi_erogati,
                    prima_data, prima_numero, prima_id, ultima_data, ultima_numero, ultima_id,
                    validita_dal_min, validita_dal_max, validita_al_min, validita_al_max, prestazioni,
                    byte, mascherate, batch_byte, checksum,
                    case when $2 then codifiche end as codifiche, case when $2 then codifiche_righe end as codifiche_righe
             from blocco where serie = $1 order by posto",
        )
        .bind(serie.id)
        .bind(by_codifica)
        .fetch_all(self.pool())
        .await?;
        let mut voci = Vec::with_capacity(stored.len());
        for (posto, one) in (0..).zip(stored) {
            let (is, place) = (one.posto, self.place(serie, posto));
            let voce = one.read(place).ok_or_else(|| {
                let what = format!("the row of the block at place {is} is not what was written");
                damaged(self, serie, what)
            })?;
            voci.push(voce);
        }
        Ok(voci)
    }

    /// Where a block belongs.
    pub(super) fn place(&self, serie: BlockSeries, posto: i32) -> BlockPlace<'_> {
        BlockPlace {
            normativa: self.selection().normativa.as_str(),
            dal_rilevazione: serie.dal_rilevazione,
            index: posto,
        }
    }

    /// Whether a series is there.
    pub(super) async fn series_exists(&self, serie: i64) -> Result<bool> {
        let query = sqlx::query_scalar("select exists (select from serie where id = $1)");
        Ok(query.bind(serie).fetch_one(self.pool()).await?)
    }
}

/// The error of a series that is not what the load made: which it is, and what is wrong.
pub(super) fn damaged(
    lettura: &DetailReader,
    serie: BlockSeries,
    what: impl fmt::Display,
) -> Error {
    let normativa = &lettura.selection().normativa;
    let BlockSeries {
        id,
        dal_rilevazione,
    } = serie;
    Error::damaged(format!(
        "the blocks of {normativa} from rilevazione {dal_rilevazione} on (series {id}): {what}"
    ))
}
