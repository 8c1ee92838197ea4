//! The norms and benefits that rows may name.

use std::{collections::HashSet, sync::Arc};

use sqlx::{AssertSqlSafe, PgConnection};

use super::layout::{FileLayout, NORMATIVE, PRESTAZIONI};

/// The codes of the catalogue.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    normative: HashSet<String>,
    prestazioni: HashSet<String>,
}

impl Catalog {
    pub(super) fn has_normativa(&self, code: &str) -> bool {
        self.normative.contains(code)
    }

    pub(super) fn has_prestazione(&self, code: &str) -> bool {
        self.prestazioni.contains(code)
    }

    #[cfg(test)]
    pub(super) fn of(normative: &[&str], prestazioni: &[&str]) -> Self {
        let set = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
        Self {
            normative: set(normative),
            prestazioni: set(prestazioni),
        }
    }
}

/// Reads the catalogue.
pub(super) async fn read(conn: &mut PgConnection) -> sqlx::Result<Arc<Catalog>> {
    let normative: Vec<String> = sqlx::query_scalar("select normativa from normativa")
        .fetch_all(&mut *conn)
        .await?;
    let prestazioni: Vec<String> = sqlx::query_scalar("select prestazione from prestazione")
        .fetch_all(conn)
        .await?;
    Ok(Arc::new(Catalog {
        normative: normative.into_iter().collect(),
        prestazioni: prestazioni.into_iter().collect(),
    }))
}

/// Norms, or benefits.
#[derive(Debug, Clone, Copy)]
pub(super) struct CodeKind {
    /// Of their table, and of its column.
    name: &'static str,
    /// Of the file that brings them.
    pub(super) layout: &'static FileLayout,
}

impl CodeKind {
    pub(super) const NORMATIVE: Self = Self {
        name: "normativa",
        layout: &NORMATIVE,
    };
    pub(super) const PRESTAZIONI: Self = Self {
        name: "prestazione",
        layout: &PRESTAZIONI,
    };
}

/// What an extract's own catalogue changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CatalogChanges {
    /// Codes that were not there.
    pub added: u64,
    /// Codes that were, with another description.
    pub described: u64,
}

impl CatalogChanges {
    /// Adds what a file of codes has, as it lies in the temporary table of its layout, and gives its descriptions to what was there.
    ///
    /// `distinct on`: a code that occurs twice refuses the extract, but only after the other files were checked too. A row that
    /// was there has been locked by the time it is returned: its `xmax` says so.
    pub(super) async fn apply(
        &mut self,
        conn: &mut PgConnection,
        kind: CodeKind,
    ) -> sqlx::Result<()> {
        let CodeKind { name, layout } = kind;
        let staged = layout.table;
        // All are constants of ours. The table of the codes and its column have one name.
        let sql = AssertSqlSafe(format!(
            "with scritte as (
                 insert into {name} ({name}, descrizione)
                 select distinct on ({name}) {name}, descrizione
                 from {staged}
                 order by {name}, riga
                 on conflict ({name}) do update set descrizione = excluded.descrizione
                 where {name}.descrizione <> excluded.descrizione
                 returning xmax = 0 as nuova)
             select count(*) filter (where nuova), count(*) filter (where not nuova) from scritte"
        ));
        let (added, described): (i64, i64) = sqlx::query_as(sql).fetch_one(conn).await?;
        self.added += added.cast_unsigned();
        self.described += described.cast_unsigned();
        Ok(())
    }
}
