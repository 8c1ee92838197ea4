//! That no natural key of the detail occurs twice in an extract.
//!
//! To ask takes a sort of all its rows. The first rows have their index built over them anyway, after they are written, and that finds
//! a key that occurs twice at no cost; which rows have it is asked only then. So of a first extract it is asked only where something else is
//! wrong with it: an extract that is refused tells all that is wrong.

use std::path::Path;

use sqlx::{Connection as _, PgConnection};

use super::{
    layout::DECRETI,
    merge,
    outcome::LoadError,
    staging::{FindingCounter, report_duplicates},
};

/// Whether it was asked yet.
pub(super) struct DetailKeys<'a> {
    decreti: &'a Path,
    /// There are no rows of the detail yet.
    first: bool,
    asked: bool,
}

impl<'a> DetailKeys<'a> {
    /// Of this file.
    pub(super) async fn new(conn: &mut PgConnection, decreti: &'a Path) -> sqlx::Result<Self> {
        let first = sqlx::query_scalar("select not exists (select from dettaglio_decreto)")
            .fetch_one(conn)
            .await?;
        Ok(Self {
            decreti,
            first,
            asked: false,
        })
    }

    /// Tells the rows whose key an earlier line has, once, and unless the index will.
    pub(super) async fn check(
        &mut self,
        conn: &mut PgConnection,
        counter: &mut FindingCounter<'_>,
    ) -> Result<(), LoadError> {
        let left_to_the_index = self.first && counter.errors == 0;
        if self.asked || left_to_the_index {
            return Ok(());
        }
        self.asked = true;
        report_duplicates(conn, self.decreti, &DECRETI, counter).await
    }

    /// Writes the extract, of which nothing wrong was found, as this rilevazione.
    pub(super) async fn write(
        &self,
        conn: &mut PgConnection,
        rilevazione: i32,
        counter: &mut FindingCounter<'_>,
    ) -> Result<merge::MergeResult, LoadError> {
        if self.asked {
            return Ok(merge::write(conn, rilevazione).await?);
        }
        let mut before = conn.begin().await?;
        let error = match merge::write(&mut before, rilevazione).await {
            Ok(written) => {
                before.commit().await?;
                return Ok(written);
            }
            Err(error) => error,
        };
        let twice = error
            .as_database_error()
            .is_some_and(|error| error.is_unique_violation());
        if twice {
            before.rollback().await?;
            report_duplicates(conn, self.decreti, &DECRETI, counter).await?;
            counter.judge()?;
        }
        Err(error.into())
    }
}
