//! The one shape of whatever is derived.

use std::{fmt, future::ready};

use futures_util::future::BoxFuture;
use sqlx::{AssertSqlSafe, PgConnection};

use super::{Defect, DerivedDefect, NormVersion};
use crate::{
    error::Result,
    rilevazione::{control::Noted, detail::page::PageRow, row_sums::RowSums},
};

/// A step on the database.
pub type Step<'a, T> = BoxFuture<'a, sqlx::Result<T>>;

/// Something that is derived of the rows of the detail, norm by norm, and stored.
///
/// What the methods have by themselves holds for a table with the columns `normativa`, `dal_rilevazione` and `al_rilevazione` in which a
/// version of a norm ([`NormVersion`]) has rows of its own.
pub trait Derivation: fmt::Debug + Send + Sync {
    /// The table that has it. What is in other tables goes when its rows there do.
    fn table(&self) -> &'static str;

    /// Begins with a version, to keep what is made of it. `None`: it is not made version by version, see [`Self::after_load`].
    fn begin<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        version: &'a NormVersion,
    ) -> Step<'a, Option<Box<dyn RowSink>>>;

    /// Begins with a version, to compare what is made of it with what is stored. Whatever is written from here on to the end of the
    /// version is rolled back.
    fn begin_to_compare<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        version: &'a NormVersion,
    ) -> Step<'a, Option<Box<dyn RowSink>>> {
        self.begin(conn, version)
    }

    /// Ends what is stored of these norms with the rilevazione before `rilevazione`, whose load makes them anew.
    fn end<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        normative: &'a [String],
        rilevazione: i32,
    ) -> Step<'a, ()> {
        let sql = AssertSqlSafe(format!(
            "update {} set al_rilevazione = $1 - 1
             where al_rilevazione = 2147483647 and dal_rilevazione < $1 and normativa = any($2)",
            self.table()
        ));
        Box::pin(async move {
            let query = sqlx::query(sql).bind(rilevazione).bind(normative);
            query.execute(conn).await.map(drop)
        })
    }

    /// Takes away all that is stored of a norm, which is made again.
    fn clear<'a>(&'a self, conn: &'a mut PgConnection, normativa: &'a str) -> Step<'a, ()> {
        let sql = AssertSqlSafe(format!("delete from {} where normativa = $1", self.table()));
        Box::pin(async move {
            let query = sqlx::query(sql).bind(normativa);
            query.execute(conn).await.map(drop)
        })
    }

    /// What is stored of a norm from a rilevazione on with which none of its versions begins. `starts`: those with which they do.
    fn elsewhere<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        normativa: &'a str,
        starts: &'a [i32],
    ) -> Step<'a, Vec<(i32, Defect)>> {
        let table = self.table();
        Box::pin(async move {
            let defect = Defect::new(format!(
                "has rows of {table} that begin where its rows do not change"
            ));
            let found = begin_elsewhere(conn, table, normativa, starts).await?;
            Ok(found
                .into_iter()
                .map(|from| (from, defect.clone()))
                .collect())
        })
    }

    /// Once a load has made all norms that it changed and its rilevazione is registered. `noted`: of the norms that were made.
    fn after_load<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        rilevazione: i32,
        noted: &'a [Noted],
    ) -> Step<'a, ()> {
        let _ = (conn, rilevazione, noted);
        Box::pin(ready(Ok(())))
    }

    /// Once all versions of all norms were compared: what is wrong with the whole. `noted`: what the rows say, of all.
    fn after_verify<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        noted: &'a [Noted],
    ) -> Step<'a, Vec<DerivedDefect>> {
        let _ = (conn, noted);
        Box::pin(ready(Ok(Vec::new())))
    }

    /// Once all versions of some norms were made again: what is left that cannot be. `noted`: what the rows of these norms say.
    /// `accept_rows`: they are right, whatever they were when they were loaded.
    fn after_rebuild<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        normative: &'a [String],
        noted: &'a [Noted],
        accept_rows: bool,
    ) -> Step<'a, Vec<DerivedDefect>> {
        let _ = (conn, normative, noted, accept_rows);
        Box::pin(ready(Ok(Vec::new())))
    }
}

/// Takes the rows of a version, and keeps what it makes of them or compares it with what is stored.
pub trait RowSink: Send {
    /// Takes the next rows. This does not run where others wait: it may take its time.
    ///
    /// # Errors
    /// A row that is none: a fault of ours.
    fn page(&mut self, rows: &[PageRow<'_>]) -> Result<()> {
        let _ = rows;
        Ok(())
    }

    /// Writes what is ready, after each page.
    fn write_ready<'a>(&'a mut self, conn: &'a mut PgConnection) -> Step<'a, ()> {
        let _ = conn;
        Box::pin(ready(Ok(())))
    }

    /// Keeps what was made. In how many blocks it is stored, if it is in blocks.
    fn keep<'a>(self: Box<Self>, conn: &'a mut PgConnection, sums: &'a RowSums) -> Step<'a, u64>;

    /// Compares what was made with what is stored.
    fn compare<'a>(
        self: Box<Self>,
        conn: &'a mut PgConnection,
        sums: &'a RowSums,
    ) -> Step<'a, Compared>;
}

/// What came of a comparison.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// In how many blocks it is stored.
    pub blocks: u64,
    /// What is wrong with it.
    pub defects: Vec<Defect>,
}

impl From<Vec<Defect>> for Compared {
    fn from(defects: Vec<Defect>) -> Self {
        Self { blocks: 0, defects }
    }
}

/// The rilevazioni with which rows of a table begin for a norm, though no version of it does.
///
/// # Errors
/// The database's.
pub async fn begin_elsewhere(
    conn: &mut PgConnection,
    table: &str,
    normativa: &str,
    starts: &[i32],
) -> sqlx::Result<Vec<i32>> {
    let sql = AssertSqlSafe(format!(
        "select distinct dal_rilevazione from {table} where normativa = $1 and dal_rilevazione <> all($2) order by 1"
    ));
    sqlx::query_scalar(sql)
        .bind(normativa)
        .bind(starts)
        .fetch_all(conn)
        .await
}
