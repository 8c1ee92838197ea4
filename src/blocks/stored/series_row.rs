//! A series: its row, and whether it is what the load wrote.

use std::fmt;

use sqlx::PgPool;

use crate::{
    blocks::{arrow::BatchDictionaries, checksum::BlockPlace, series::series_checksum},
    error::{Error, Result},
    postgres::from_row,
};

/// The row of a series, as it stands in the database.
#[derive(Debug)]
pub struct SeriesRow {
    id: i64,
    dal_rilevazione: i32,
    blocchi: i32,
    righe_per_blocco: i32,
    dizionario_prestazioni: Option<Vec<String>>,
    dizionario_codifiche: Option<Vec<String>>,
    checksum: Option<i64>,
}

from_row!(SeriesRow {
    id,
    dal_rilevazione,
    blocchi,
    righe_per_blocco,
    dizionario_prestazioni,
    dizionario_codifiche,
    checksum,
});

/// A series whose row is what was written.
#[derive(Debug)]
pub struct BlockSeries {
    pub(super) id: i64,
    pub(super) normativa: String,
    /// The first rilevazione that it is for.
    pub dal_rilevazione: i32,
    /// How many blocks it has.
    pub(super) blocks: i32,
}

impl SeriesRow {
    /// That of a norm for a rilevazione.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: there are two. The database's.
    pub async fn find(pool: &PgPool, normativa: &str, rilevazione: i32) -> Result<Option<Self>> {
        let mut found: Vec<Self> = sqlx::query_as(
            "select id, dal_rilevazione, blocchi, righe_per_blocco, dizionario_prestazioni, dizionario_codifiche, checksum
             from serie
             where normativa = $1 and dal_rilevazione <= $2 and al_rilevazione >= $2
             limit 2",
        )
        .bind(normativa)
        .bind(rilevazione)
        .fetch_all(pool)
        .await?;
        if found.len() > 1 {
            return Err(Error::damaged(format!(
                "two series of blocks of {normativa} are for rilevazione {rilevazione}"
            )));
        }
        Ok(found.pop())
    }

    /// Whether its blocks have so many rows each but the last, and checksums: series from before there were any have none.
    #[must_use]
    pub fn has_blocks_of(&self, rows: i64) -> bool {
        i64::from(self.righe_per_blocco) == rows && self.checksum.is_some()
    }

    /// The series, and what its record batches point into.
    ///
    /// # Errors
    /// [`crate::error::Reason::DerivedDataDamaged`]: the row is not what was written.
    pub fn check(self, normativa: &str) -> Result<(BlockSeries, BatchDictionaries)> {
        let series = BlockSeries {
            id: self.id,
            normativa: normativa.to_owned(),
            dal_rilevazione: self.dal_rilevazione,
            blocks: self.blocchi,
        };
        let (Some(prestazioni), Some(codifiche)) =
            (self.dizionario_prestazioni, self.dizionario_codifiche)
        else {
            return Err(series.damaged("it has no dictionaries"));
        };
        let dictionaries = BatchDictionaries {
            prestazioni,
            codifiche,
        };
        let checksum = series_checksum(
            normativa,
            self.dal_rilevazione,
            self.righe_per_blocco,
            self.blocchi,
            &dictionaries,
        );
        if self.checksum != Some(checksum) {
            return Err(series.damaged("its row is not what was written"));
        }
        Ok((series, dictionaries))
    }
}

impl BlockSeries {
    /// Whether it is still there.
    pub(super) async fn exists(&self, pool: &PgPool) -> Result<bool> {
        let query = sqlx::query_scalar("select exists (select from serie where id = $1)");
        Ok(query.bind(self.id).fetch_one(pool).await?)
    }

    /// Where a block of it belongs.
    pub(super) fn place(&self, index: i32) -> BlockPlace<'_> {
        BlockPlace {
            normativa: &self.normativa,
            dal_rilevazione: self.dal_rilevazione,
            index,
        }
    }

    /// The error of a series that is not what the load made: which it is, and what is wrong.
    #[must_use]
    pub fn damaged(&self, what: impl fmt::Display) -> Error {
        let Self {
            id,
            normativa,
            dal_rilevazione,
            ..
        } = self;
        Error::damaged(format!(
            "the blocks of {normativa} from rilevazione {dal_rilevazione} on (series {id}): {what}"
        ))
    }
}
