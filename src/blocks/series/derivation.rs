//! Blocks as something that is derived.

use sqlx::PgConnection;

use super::{
    compare::{SeriesToReplace, set_aside},
    defect::SeriesDefect,
    sink::SeriesSink,
};
use crate::rilevazione::derived::{
    Defect, Derivation, NormVersion, RowSink, Step, begin_elsewhere,
};

/// The blocks and the record batches of every norm.
#[derive(Debug)]
pub struct DerivedBlocks {
    /// Rows in a block: as many as the service sends in a lotto (`export.batch_rows`), or it serves from the rows.
    pub rows_per_block: u32,
}

impl Derivation for DerivedBlocks {
    fn table(&self) -> &'static str {
        "serie"
    }

    fn begin<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        version: &'a NormVersion,
    ) -> Step<'a, Option<Box<dyn RowSink>>> {
        Box::pin(self.sink(conn, version, None))
    }

    fn begin_to_compare<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        version: &'a NormVersion,
    ) -> Step<'a, Option<Box<dyn RowSink>>> {
        Box::pin(async move {
            let stored = set_aside(conn, version).await?;
            self.sink(conn, version, stored).await
        })
    }

    fn elsewhere<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        normativa: &'a str,
        starts: &'a [i32],
    ) -> Step<'a, Vec<(i32, Defect)>> {
        Box::pin(async move {
            let found = begin_elsewhere(conn, self.table(), normativa, starts).await?;
            let defect = |from| (from, SeriesDefect::OtherRange.into());
            Ok(found.into_iter().map(defect).collect())
        })
    }
}

impl DerivedBlocks {
    async fn sink(
        &self,
        conn: &mut PgConnection,
        version: &NormVersion,
        stored: Option<SeriesToReplace>,
    ) -> sqlx::Result<Option<Box<dyn RowSink>>> {
        let sink = SeriesSink::begin(conn, version, self.rows_per_block, stored).await?;
        Ok(Some(Box::new(sink)))
    }
}
