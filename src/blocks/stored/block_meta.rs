//! What is known of the blocks of a series without their rows.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sqlx::PgPool;

use super::series_row::BlockSeries;
use crate::{
    blocks::{
        checksum::{self, BlockHeader, BlockPlace, Checksums},
        cursor::Cursor,
        sums::ControlSums,
    },
    error::Result,
    postgres::from_row,
};

/// A block whose row is what was written.
#[derive(Debug)]
pub struct BlockMeta {
    pub(super) index: i32,
    /// Over its rows.
    pub sums: ControlSums,
    /// Where its rows end.
    pub end: Cursor,
    /// Length of its rows.
    pub(super) rows_len: usize,
    /// Length of its record batch.
    pub(super) batch_len: usize,
    /// How many natural persons are masked in it.
    pub(super) masked: usize,
    pub(super) checksums: Checksums,
    /// First and last day.
    pub validita_dal: [NaiveDate; 2],
    /// First and last day.
    pub validita_al: [NaiveDate; 2],
    /// The benefits in it.
    pub prestazioni: Vec<String>,
    /// Rows of each codifica; only where they were asked for.
    pub codifiche: Vec<(String, i32)>,
}

#[derive(Debug)]
struct BlockRow {
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

from_row!(BlockRow {
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

impl BlockRow {
    /// `None`: it is not what was written at this place.
    fn read(self, place: BlockPlace<'_>) -> Option<BlockMeta> {
        let (header, checksums) = Checksums::read(self.checksum.as_deref()?)?;
        let length = |length: i32| usize::try_from(length).ok();
        let sums = ControlSums::from_decimals(
            self.righe.into(),
            [
                self.ore_decretate,
                self.importi_autorizzati,
                self.importi_erogati,
            ],
        );
        let first = Cursor {
            data_decreto: self.prima_data,
            numero_decreto: self.prima_numero,
            id: self.prima_id,
        };
        let meta = BlockMeta {
            index: self.posto,
            sums,
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
            sums: &meta.sums,
            first: &first,
            last: &meta.end,
            validita_dal: meta.validita_dal,
            validita_al: meta.validita_al,
            prestazioni: &meta.prestazioni,
            rows_len: meta.rows_len,
            masked: meta.masked,
            batch_len: meta.batch_len,
            checksums,
        };
        (meta.index == place.index && written.checksum(place) == header).then_some(meta)
    }
}

impl BlockSeries {
    /// Its blocks, in reading order; `None`: it is gone.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: the row of one is not what was written, or they are not as many as it has. The
    /// database's.
    pub async fn blocks(
        &self,
        pool: &PgPool,
        with_codifiche: bool,
    ) -> Result<Option<Vec<BlockMeta>>> {
        // The codifiche are many: they are read, and compared, where they decide something.
        let rows: Vec<BlockRow> = sqlx::query_as(
            "select posto, righe, ore_decretate, importi_autorizzati, importi_erogati,
                    prima_data, prima_numero, prima_id, ultima_data, ultima_numero, ultima_id,
                    validita_dal_min, validita_dal_max, validita_al_min, validita_al_max, prestazioni,
                    byte, mascherate, batch_byte, checksum,
                    case when $2 then codifiche end as codifiche, case when $2 then codifiche_righe end as codifiche_righe
             from blocco where serie = $1 order by posto",
        )
        .bind(self.id)
        .bind(with_codifiche)
        .fetch_all(pool)
        .await?;
        let mut blocks = Vec::with_capacity(rows.len());
        for (index, row) in (0..).zip(rows) {
            let stored = row.posto;
            blocks.push(row.read(self.place(index)).ok_or_else(|| {
                self.damaged(format_args!(
                    "the row of the block at place {stored} is not what was written"
                ))
            })?);
        }
        if usize::try_from(self.blocks) == Ok(blocks.len()) {
            return Ok(Some(blocks));
        }
        // A series that is deleted takes its blocks along.
        if !self.exists(pool).await? {
            return Ok(None);
        }
        Err(self.damaged(format_args!(
            "it says that it has {} blocks, and has {}",
            self.blocks,
            blocks.len()
        )))
    }
}
