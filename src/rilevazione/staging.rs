//! From a file to its temporary table: one thread reads and checks, this task sends what it hands over.
//!
//! The channel between the two holds a few blocks: the slower of the two sets the pace, and memory stays small.

use std::{fs::File, io, path::Path, sync::Arc};

use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use tokio::sync::mpsc;

use super::{
    catalog::Catalog,
    copy::{HEADER, TRAILER},
    finding::{Finding, FindingReason, Observer, Severity, shown},
    layout::FileLayout,
    outcome::LoadError,
    reader,
};

/// How many blocks may wait between the two.
const IN_FLIGHT: usize = 4;

/// Counts what passes on its way to the observer.
pub(super) struct FindingCounter<'a> {
    pub(super) observer: &'a mut dyn Observer,
    pub(super) errors: u64,
    pub(super) warnings: u64,
}

impl FindingCounter<'_> {
    /// What becomes of an extract of which so much was told.
    ///
    /// # Errors
    /// [`LoadError::Refused`]: a row is wrong.
    pub(super) fn judge(&self) -> Result<(), LoadError> {
        let (rifiuti, avvisi) = (self.errors, self.warnings);
        if rifiuti > 0 {
            return Err(LoadError::Refused { rifiuti, avvisi });
        }
        Ok(())
    }

    pub(super) fn report(&mut self, segnalazione: &Finding) -> Result<(), LoadError> {
        match segnalazione.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        self.observer
            .report(segnalazione)
            .map_err(LoadError::Observer)
    }
}

/// A file that was read to its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct StagedFile {
    /// Its right rows.
    pub(super) rows: u64,
    /// Whether it has the columns that it may do without.
    pub(super) all_columns: bool,
}

/// Fills the temporary table of a layout with the right rows of a file, and tells the wrong ones. Keys that occur twice are not
/// among them: see [`report_duplicates`].
pub(super) async fn fill(
    conn: &mut PgConnection,
    path: &Path,
    tracciato: &'static FileLayout,
    catalogo: &Arc<Catalog>,
    conteggio: &mut FindingCounter<'_>,
) -> Result<StagedFile, LoadError> {
    let name: Arc<str> = path.display().to_string().into();
    let (to, mut blocks) = mpsc::channel(IN_FLIGHT);
    let reader = {
        let (path, name) = (path.to_owned(), Arc::clone(&name));
        let catalogo = Arc::clone(catalogo);
        move || {
            reader::read(File::open(path)?, name, tracciato, &catalogo, |block| {
                // The receiver is gone: the load failed, and has its own error.
                to.blocking_send(block)
                    .map_err(|_| io::ErrorKind::BrokenPipe.into())
            })
        }
    };
    let reader = tokio::task::spawn_blocking(reader);

    sqlx::query(tracciato.create).execute(&mut *conn).await?;
    let columns: Vec<&str> = tracciato.columns.iter().map(|(name, _)| *name).collect();
    let statement = format!(
        "copy {} (riga, {}) from stdin (format binary)",
        tracciato.table,
        columns.join(", ")
    );
    let mut copy = conn.copy_in_raw(&statement).await?;
    let sent = async {
        copy.send(HEADER).await?;
        while let Some(block) = blocks.recv().await {
            for segnalazione in &block.findings {
                conteggio.report(segnalazione)?;
            }
            copy.send(block.copy).await?;
            conteggio.observer.progress(block.bytes, block.rows);
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
    analyze(conn, tracciato.table).await?;
    Ok(StagedFile {
        rows: righe,
        all_columns,
    })
}

pub(super) async fn analyze(conn: &mut PgConnection, table: &'static str) -> sqlx::Result<()> {
    sqlx::query(AssertSqlSafe(format!("analyze {table}")))
        .execute(conn)
        .await
        .map(drop)
}

/// Tells each row whose natural key an earlier line of the file has.
pub(super) async fn report_duplicates(
    conn: &mut PgConnection,
    path: &Path,
    tracciato: &'static FileLayout,
    conteggio: &mut FindingCounter<'_>,
) -> Result<(), LoadError> {
    let file: Arc<str> = path.display().to_string().into();
    let (tabella, chiave) = (tracciato.table, tracciato.key.join(", "));
    // Both are constants of the layout.
    let sql = AssertSqlSafe(format!(
        "select riga, prima, concat_ws(' ', {chiave}) as valore
         from {tabella}
         join (select {chiave}, min(riga) as prima from {tabella} group by {chiave} having count(*) > 1) doppie
             using ({chiave})
         where riga <> prima
         order by riga"
    ));
    let colonna = tracciato.key.join("+");
    let mut rows = sqlx::query(sql).fetch(conn);
    while let Some(row) = rows.try_next().await? {
        let riga: i64 = row.try_get("riga")?;
        let prima: i64 = row.try_get("prima")?;
        let valore: String = row.try_get("valore")?;
        conteggio.report(&Finding {
            severity: Severity::Error,
            file: Arc::clone(&file),
            line: riga.cast_unsigned(),
            column: colonna.clone().into(),
            value: shown(valore.as_bytes()),
            reason: FindingReason {
                english: format!("line {prima} has the same natural key").into(),
                italian: format!("la riga {prima} ha la stessa chiave naturale").into(),
            },
        })?;
    }
    Ok(())
}
