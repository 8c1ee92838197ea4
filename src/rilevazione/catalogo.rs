//! The norms and benefits that rows may name.

use std::{collections::HashSet, sync::Arc};

use sqlx::PgConnection;

/// The codes of the catalogue.
#[derive(Debug, Default)]
pub(super) struct Catalogo {
    normative: HashSet<String>,
    prestazioni: HashSet<String>,
}

impl Catalogo {
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
pub(super) async fn leggi(conn: &mut PgConnection) -> sqlx::Result<Arc<Catalogo>> {
    let normative: Vec<String> = sqlx::query_scalar("select normativa from normativa")
        .fetch_all(&mut *conn)
        .await?;
    let prestazioni: Vec<String> = sqlx::query_scalar("select prestazione from prestazione")
        .fetch_all(conn)
        .await?;
    Ok(Arc::new(Catalogo {
        normative: normative.into_iter().collect(),
        prestazioni: prestazioni.into_iter().collect(),
    }))
}

/// Adds what `normative.csv` has, and gives its descriptions to what was there.
///
/// `distinct on`: a code that occurs twice refuses the extract, but only after the other files were checked too.
pub(super) async fn aggiorna_normative(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query(
        "insert into normativa (normativa, descrizione)
         select distinct on (normativa) normativa, descrizione
         from estratto_normative
         order by normativa, riga
         on conflict (normativa) do update set descrizione = excluded.descrizione
         where normativa.descrizione <> excluded.descrizione",
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The same for `prestazioni.csv`.
pub(super) async fn aggiorna_prestazioni(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query(
        "insert into prestazione (prestazione, descrizione)
         select distinct on (prestazione) prestazione, descrizione
         from estratto_prestazioni
         order by prestazione, riga
         on conflict (prestazione) do update set descrizione = excluded.descrizione
         where prestazione.descrizione <> excluded.descrizione",
    )
    .execute(conn)
    .await
    .map(drop)
}
