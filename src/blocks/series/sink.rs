//! A series in the making.

use sqlx::PgConnection;

use super::{
    checksum::series_checksum,
    compare::{SeriesToReplace, compare},
    defect::SeriesDefect,
    encoder::{Encoded, SeriesEncoder},
    write::write,
};
use crate::{
    error::Result,
    rilevazione::{
        derived::{Compared, NormVersion, RowSink, Step},
        detail::page::PageRow,
        row_sums::RowSums,
    },
};

/// Blocks that are written in one statement: some megabytes.
const BLOCKS_PER_STATEMENT: usize = 16;

/// Makes the series of a version.
pub(super) struct SeriesSink {
    version: NormVersion,
    rows_per_block: i32,
    /// Of the row of the series.
    id: i64,
    encoder: SeriesEncoder,
    /// Encoded, and not written yet.
    ready: Vec<Encoded>,
    /// Blocks that are written.
    written: i32,
    /// What to compare with.
    stored: Option<SeriesToReplace>,
}

impl SeriesSink {
    /// A series without blocks so far.
    pub(super) async fn begin(
        conn: &mut PgConnection,
        version: &NormVersion,
        rows_per_block: u32,
        stored: Option<SeriesToReplace>,
    ) -> sqlx::Result<Self> {
        let encoder = SeriesEncoder::new(rows_per_block).map_err(sqlx::Error::decode)?;
        let rows_per_block = i32::try_from(rows_per_block).map_err(sqlx::Error::decode)?;
        let id = sqlx::query_scalar(
            "insert into serie (normativa, dal_rilevazione, al_rilevazione, righe_per_blocco)
             values ($1, $2, $3, $4) returning id",
        )
        .bind(&version.normativa)
        .bind(version.dal_rilevazione)
        .bind(version.al_rilevazione)
        .bind(rows_per_block)
        .fetch_one(conn)
        .await?;
        Ok(Self {
            version: version.clone(),
            rows_per_block,
            id,
            encoder,
            ready: Vec::with_capacity(BLOCKS_PER_STATEMENT),
            written: 0,
            stored,
        })
    }

    /// Writes the first blocks that are ready, so many at most.
    async fn write_first(&mut self, conn: &mut PgConnection, most: usize) -> sqlx::Result<()> {
        let some: Vec<Encoded> = self.ready.drain(..most.min(self.ready.len())).collect();
        let first = self.written;
        // As many as a statement has.
        self.written += some.len() as i32;
        write(conn, self.id, &self.version, first, some).await
    }

    /// Writes the rest, and what there is to say of all.
    async fn finish(&mut self, conn: &mut PgConnection) -> sqlx::Result<()> {
        let last = self.encoder.finish_block().map_err(sqlx::Error::decode)?;
        self.ready.extend(last);
        while !self.ready.is_empty() {
            self.write_first(conn, BLOCKS_PER_STATEMENT).await?;
        }
        let dictionaries = self.encoder.dictionaries();
        let NormVersion {
            normativa,
            dal_rilevazione,
            ..
        } = &self.version;
        let checksum = series_checksum(
            normativa,
            *dal_rilevazione,
            self.rows_per_block,
            self.written,
            &dictionaries,
        );
        sqlx::query(
            "update serie set blocchi = $2, dizionario_prestazioni = $3, dizionario_codifiche = $4, checksum = $5 where id = $1",
        )
        .bind(self.id)
        .bind(self.written)
        .bind(dictionaries.prestazioni)
        .bind(dictionaries.codifiche)
        .bind(checksum)
        .execute(conn)
        .await
        .map(drop)
    }

    /// What is wrong with the series that is stored, once this one is finished.
    async fn wrong(&self, conn: &mut PgConnection) -> sqlx::Result<Option<SeriesDefect>> {
        Ok(match &self.stored {
            None => Some(SeriesDefect::Missing),
            Some(stored) if stored.righe_per_blocco != self.rows_per_block => {
                Some(SeriesDefect::OtherBlockSize(stored.righe_per_blocco))
            }
            Some(stored) if stored.al_rilevazione != self.version.al_rilevazione => {
                Some(SeriesDefect::OtherRange)
            }
            Some(stored) if stored.no_checksum => Some(SeriesDefect::NoChecksums),
            Some(stored) => compare(conn, stored, self.id).await?,
        })
    }
}

impl RowSink for SeriesSink {
    fn page(&mut self, rows: &[PageRow<'_>]) -> Result<()> {
        for row in rows {
            self.ready.extend(self.encoder.add(row)?);
        }
        Ok(())
    }

    fn write_ready<'a>(&'a mut self, conn: &'a mut PgConnection) -> Step<'a, ()> {
        Box::pin(async move {
            while self.ready.len() >= BLOCKS_PER_STATEMENT {
                self.write_first(conn, BLOCKS_PER_STATEMENT).await?;
            }
            Ok(())
        })
    }

    fn keep<'a>(
        mut self: Box<Self>,
        conn: &'a mut PgConnection,
        _sums: &'a RowSums,
    ) -> Step<'a, u64> {
        Box::pin(async move {
            self.finish(conn).await?;
            Ok(u64::from(self.written.unsigned_abs()))
        })
    }

    fn compare<'a>(
        mut self: Box<Self>,
        conn: &'a mut PgConnection,
        _sums: &'a RowSums,
    ) -> Step<'a, Compared> {
        Box::pin(async move {
            self.finish(conn).await?;
            let wrong = self.wrong(conn).await?;
            let blocks = self.stored.as_ref().map_or(0, |stored| stored.blocchi);
            Ok(Compared {
                blocks: blocks.unsigned_abs().into(),
                defects: wrong.into_iter().map(Into::into).collect(),
            })
        })
    }
}
