//! The norms and benefits that rows may name.

use std::{collections::HashSet, sync::Arc};

use sqlx::PgConnection;

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

/// What an extract's own catalogue changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CatalogChanges {
    /// Codes that were not there.
    pub added: u64,
    /// Codes that were, with another description.
    pub described: u64,
}

impl CatalogChanges {
    fn add(&mut self, (nuovi, descritti): (i64, i64)) {
        self.added += nuovi.cast_unsigned();
        self.described += descritti.cast_unsigned();
    }

    /// Adds what `normative.csv` has, and gives its descriptions to what was there.
    ///
    /// `distinct on`: a code that occurs twice refuses the extract, but only after the other files were checked too. A row that
    /// was there has been locked by the time it is returned: its `xmax` says so.
    pub(super) async fn normative(&mut self, conn: &mut PgConnection) -> sqlx::Result<()> {
        let changed = sqlx::query_as(
            "with scritte as (
                 insert into normativa (normativa, descrizione)
                 select distinct on (normativa) normativa, descrizione
                 from estratto_normative
                 order by normativa, riga
                 on conflict (normativa) do update set descrizione = excluded.descrizione
                 where normativa.descrizione <> excluded.descrizione
                 returning xmax = 0 as nuova)
             select count(*) filter (where nuova), count(*) filter (where not nuova) from scritte",
        );
        self.add(changed.fetch_one(conn).await?);
        Ok(())
    }

    /// The same for `prestazioni.csv`.
    pub(super) async fn prestazioni(&mut self, conn: &mut PgConnection) -> sqlx::Result<()> {
        let changed = sqlx::query_as(
            "with scritte as (
                 insert into prestazione (prestazione, descrizione)
                 select distinct on (prestazione) prestazione, descrizione
                 from estratto_prestazioni
                 order by prestazione, riga
                 on conflict (prestazione) do update set descrizione = excluded.descrizione
                 where prestazione.descrizione <> excluded.descrizione
                 returning xmax = 0 as nuova)
             select count(*) filter (where nuova), count(*) filter (where not nuova) from scritte",
        );
        self.add(changed.fetch_one(conn).await?);
        Ok(())
    }
}
