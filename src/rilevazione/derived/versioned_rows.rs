//! Derived rows that are versioned as the rows of the detail are: one that is what it was is not written again.
//!
//! Sums by day of a norm, before and after a load that changed those of 31 March and took away those of 30 April:
//!
//! | day | dal_rilevazione | al_rilevazione |
//! | --- | --- | --- |
//! | 1 March | 1 | open |
//! | 31 March | 1 | 1 |
//! | 31 March | 2 | open |
//! | 30 April | 1 | 1 |
//!
//! They come as columns, and so they are sent.

use std::fmt::Write as _;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sqlx::{AssertSqlSafe, PgConnection};

use super::NormVersion;

/// The rows that a norm has from a version on: all of them. The columns of the key come first.
#[derive(Debug)]
pub struct VersionedRows {
    table: &'static str,
    key: usize,
    columns: Vec<(&'static str, DerivedColumn)>,
}

/// The values of a column.
#[derive(Debug)]
pub enum DerivedColumn {
    /// `text`
    Texts(Vec<String>),
    /// `date`
    Days(Vec<NaiveDate>),
    /// `bigint`
    Integers(Vec<i64>),
    /// `numeric`
    Decimals(Vec<Decimal>),
}

impl DerivedColumn {
    const fn sql_type(&self) -> &'static str {
        match self {
            Self::Texts(_) => "text[]",
            Self::Days(_) => "date[]",
            Self::Integers(_) => "bigint[]",
            Self::Decimals(_) => "numeric[]",
        }
    }
}

impl VersionedRows {
    /// Rows of a table whose key is the norm, the first `key` columns and the version.
    #[must_use]
    pub fn new(
        table: &'static str,
        key: usize,
        columns: Vec<(&'static str, DerivedColumn)>,
    ) -> Self {
        Self {
            table,
            key,
            columns,
        }
    }

    /// Ends what is stored of the norm and is not among these, and writes what is not stored.
    ///
    /// # Errors
    /// The database's.
    pub async fn write(&self, conn: &mut PgConnection, version: &NormVersion) -> sqlx::Result<()> {
        for statement in [self.end_others(), self.insert_new()] {
            // Names of tables and columns, which stand in the source.
            let mut query = sqlx::query(AssertSqlSafe(statement))
                .bind(version.dal_rilevazione)
                .bind(&version.normativa);
            for (_, values) in &self.columns {
                query = match values {
                    DerivedColumn::Texts(values) => query.bind(values),
                    DerivedColumn::Days(values) => query.bind(values),
                    DerivedColumn::Integers(values) => query.bind(values),
                    DerivedColumn::Decimals(values) => query.bind(values),
                };
            }
            query.execute(&mut *conn).await?;
        }
        Ok(())
    }

    fn end_others(&self) -> String {
        let (table, rows, same) = (self.table, self.rows(), self.same(self.columns.len()));
        format!(
            "update {table} open set al_rilevazione = $1 - 1
             where al_rilevazione = 2147483647 and normativa = $2 and not exists (select from {rows} where {same})"
        )
    }

    fn insert_new(&self) -> String {
        let (table, rows, names) = (self.table, self.rows(), self.names());
        let same = self.same(self.key);
        format!(
            "insert into {table} (dal_rilevazione, normativa, {names})
             select $1, $2, made.* from {rows}
             where not exists (
                 select from {table} open
                 where open.al_rilevazione = 2147483647 and open.normativa = $2 and {same})"
        )
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// The rows, as a table.
    fn rows(&self) -> String {
        let mut arrays = String::new();
        for (n, (_, values)) in self.columns.iter().enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            // Writing to a String cannot fail.
            let _ = write!(arrays, "{comma}${}::{}", n + 3, values.sql_type());
        }
        format!("unnest({arrays}) made ({})", self.names())
    }

    /// Whether they agree in their first columns.
    fn same(&self, columns: usize) -> String {
        let columns = self.columns[..columns].iter();
        let same: Vec<String> = columns
            .map(|(name, _)| format!("made.{name} = open.{name}"))
            .collect();
        same.join(" and ")
    }
}

/// The rilevazioni with which rows of a table begin for a norm, or before which they end, though no version of it begins there.
///
/// # Errors
/// The database's.
pub(super) async fn versions_elsewhere(
    conn: &mut PgConnection,
    table: &'static str,
    normativa: &str,
    starts: &[i32],
) -> sqlx::Result<Vec<i32>> {
    let sql = AssertSqlSafe(format!(
        "select distinct dal_rilevazione from {table}
         where normativa = $1
           and (dal_rilevazione <> all($2)
                or case when al_rilevazione < 2147483647 then al_rilevazione + 1 <> all($2) else false end)
         order by 1"
    ));
    sqlx::query_scalar(sql)
        .bind(normativa)
        .bind(starts)
        .fetch_all(conn)
        .await
}
