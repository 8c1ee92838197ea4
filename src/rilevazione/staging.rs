//! From a file to its temporary table: one thread reads and checks, this task sends what it hands over.
//!
//! The channel between the two holds a few blocks: the slower of the two sets the pace, and memory stays small.

use std::{fs::File, io, path::Path, sync::Arc};

use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use tokio::sync::mpsc;

use super::{
    catalogo::Catalogo,
    copia::{HEADER, TRAILER},
    esito::LoadError,
    lettura,
    segnalazione::{Gravita, Motivo, Observer, Segnalazione, shown},
    tracciato::Tracciato,
};

/// How many blocks may wait between the two.
const IN_FLIGHT: usize = 4;

/// Counts what passes on its way to the observer.
pub(crate) struct Conteggio<'a> {
    pub(crate) observer: &'a mut dyn Observer,
    pub(crate) rifiuti: u64,
    pub(crate) avvisi: u64,
}

impl Conteggio<'_> {
    /// What becomes of an extract of which so much was told.
    ///
    /// # Errors
    /// [`LoadError::Rifiutato`]: a row is wrong.
    pub(crate) fn giudica(&self) -> Result<(), LoadError> {
        let (rifiuti, avvisi) = (self.rifiuti, self.avvisi);
        if rifiuti > 0 {
            return Err(LoadError::Rifiutato { rifiuti, avvisi });
        }
        Ok(())
    }

    pub(crate) fn segnala(&mut self, segnalazione: &Segnalazione) -> Result<(), LoadError> {
        match segnalazione.gravita {
            Gravita::Errore => self.rifiuti += 1,
            Gravita::Avviso => self.avvisi += 1,
        }
        self.observer
            .segnala(segnalazione)
            .map_err(LoadError::Observer)
    }
}

/// A file that was read to its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Letto {
    /// Its right rows.
    pub(crate) righe: u64,
    /// Whether it has the columns that it may do without.
    pub(crate) all_columns: bool,
}

/// Fills the temporary table of a layout with the right rows of a file, and tells the wrong ones. Keys that occur twice are not
/// among them: see [`doppioni`].
pub(super) async fn riempi(
    conn: &mut PgConnection,
    path: &Path,
    tracciato: &'static Tracciato,
    catalogo: &Arc<Catalogo>,
    conteggio: &mut Conteggio<'_>,
) -> Result<Letto, LoadError> {
    let name: Arc<str> = path.display().to_string().into();
    let (to, mut blocks) = mpsc::channel(IN_FLIGHT);
    let reader = {
        let (path, name) = (path.to_owned(), Arc::clone(&name));
        let catalogo = Arc::clone(catalogo);
        move || {
            lettura::leggi(File::open(path)?, name, tracciato, &catalogo, |block| {
                // Nobody receives: the load failed, and has its own error.
                to.blocking_send(block)
                    .map_err(|_| io::ErrorKind::BrokenPipe.into())
            })
        }
    };
    let reader = tokio::task::spawn_blocking(reader);

    sqlx::query(tracciato.crea).execute(&mut *conn).await?;
    let columns: Vec<&str> = tracciato.colonne.iter().map(|(name, _)| *name).collect();
    let statement = format!(
        "copy {} (riga, {}) from stdin (format binary)",
        tracciato.tabella,
        columns.join(", ")
    );
    let mut copy = conn.copy_in_raw(&statement).await?;
    let sent = async {
        copy.send(HEADER).await?;
        while let Some(block) = blocks.recv().await {
            for segnalazione in &block.segnalazioni {
                conteggio.segnala(segnalazione)?;
            }
            copy.send(block.copia).await?;
            conteggio.observer.letto(block.byte, block.righe);
        }
        let read = reader.await.map_err(io::Error::other).flatten();
        let all_columns = read.map_err(|source| LoadError::Unreadable {
            file: name.to_string(),
            source,
        })?;
        copy.send(TRAILER).await?;
        Ok(all_columns)
    };
    let all_columns = match sent.await {
        Ok(all_columns) => all_columns,
        Err(error) => {
            // So that the connection can still be told to roll back. If it cannot, the first error is the better one.
            let _ = copy.abort("the load failed").await;
            return Err(error);
        }
    };
    let righe = copy.finish().await?;
    // Nobody else will: autovacuum does not see temporary tables.
    analyze(conn, tracciato.tabella).await?;
    Ok(Letto { righe, all_columns })
}

pub(crate) async fn analyze(conn: &mut PgConnection, table: &'static str) -> sqlx::Result<()> {
    sqlx::query(AssertSqlSafe(format!("analyze {table}")))
        .execute(conn)
        .await
        .map(drop)
}

/// Tells each row whose natural key an earlier line of the file has.
pub(super) async fn doppioni(
    conn: &mut PgConnection,
    path: &Path,
    tracciato: &'static Tracciato,
    conteggio: &mut Conteggio<'_>,
) -> Result<(), LoadError> {
    let file: Arc<str> = path.display().to_string().into();
    let (tabella, chiave) = (tracciato.tabella, tracciato.chiave.join(", "));
    // Both are constants of the layout.
    let sql = AssertSqlSafe(format!(
        "select riga, prima, concat_ws(' ', {chiave}) as valore
         from {tabella}
         join (select {chiave}, min(riga) as prima from {tabella} group by {chiave} having count(*) > 1) doppie
             using ({chiave})
         where riga <> prima
         order by riga"
    ));
    let colonna = tracciato.chiave.join("+");
    let mut rows = sqlx::query(sql).fetch(conn);
    while let Some(row) = rows.try_next().await? {
        let riga: i64 = row.try_get("riga")?;
        let prima: i64 = row.try_get("prima")?;
        let valore: String = row.try_get("valore")?;
        conteggio.segnala(&Segnalazione {
            gravita: Gravita::Errore,
            file: Arc::clone(&file),
            riga: riga.cast_unsigned(),
            colonna: colonna.clone().into(),
            valore: shown(valore.as_bytes()),
            motivo: Motivo {
                english: format!("line {prima} has the same natural key").into(),
                italiano: format!("la riga {prima} ha la stessa chiave naturale").into(),
            },
        })?;
    }
    Ok(())
}
