//! One load, from the lock to the commit.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::NaiveDate;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::time::{Instant, sleep_until};

use super::{
    catalog::{self, Catalog, CatalogChanges},
    control,
    finding::{LoadPhase, Observer},
    layout::{DECRETI, NORMATIVE, PRESTAZIONI, STANZIAMENTI},
    list::latest,
    load_lock::lock,
    merge,
    outcome::{Known, LoadError, LoadOutcome, LoadSummary},
    provisional,
    register::NOTICE,
    same::already_loaded,
    staging::{FindingCounter, fill, report_duplicates},
};
use crate::{
    blocks::{block::ROWS_PER_BLOCK, series},
    clock::Clock,
};

/// What to load.
#[derive(Debug, Clone)]
pub struct LoadSources {
    /// `decreti.csv`
    pub decreti: PathBuf,
    /// `stanziamenti.csv`
    pub stanziamenti: PathBuf,
    /// Norms to add to the catalogue, or to describe anew.
    pub normative: Option<PathBuf>,
    /// Benefits, likewise.
    pub prestazioni: Option<PathBuf>,
    /// The day as of which the extract was made.
    pub data_riferimento: NaiveDate,
    /// Rows in a stored block: as many as the service sends in a lotto (`export.batch_rows`), or it serves from the rows.
    pub righe_per_blocco: u32,
}

impl LoadSources {
    /// The four files of a folder, under the names that they usually have.
    #[must_use]
    pub fn in_folder(folder: &Path, data_riferimento: NaiveDate) -> Self {
        Self {
            decreti: folder.join("decreti.csv"),
            stanziamenti: folder.join("stanziamenti.csv"),
            normative: Some(folder.join("normative.csv")),
            prestazioni: Some(folder.join("prestazioni.csv")),
            data_riferimento,
            righe_per_blocco: ROWS_PER_BLOCK,
        }
    }

    /// All the files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let optional = [&self.normative, &self.prestazioni];
        let optional = optional.into_iter().filter_map(Option::as_deref);
        [self.decreti.as_path(), &self.stanziamenti]
            .into_iter()
            .chain(optional)
    }
}

/// Loads an extract: all of it, as a new rilevazione, or nothing.
///
/// `pool` is the owner's. The extract's findings go to `observer` as they are found.
///
/// # Errors
/// See [`LoadError`]. Nothing was written.
pub async fn load_extract(
    pool: &PgPool,
    fonti: &LoadSources,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<LoadOutcome, LoadError> {
    let (data, oggi) = (fonti.data_riferimento, clock.today());
    if data > oggi {
        return Err(LoadError::InFuture { data, oggi });
    }
    let mut conn = pool.acquire().await?;
    // A load that is dropped half-way may leave a COPY open, which the connection's next user would get to know.
    conn.close_on_drop();
    let mut tx = conn.begin().await?;
    let esito = in_transaction(&mut tx, fonti, clock, observer).await;
    if esito.is_ok() {
        // Of an extract that is loaded already, its catalogue.
        tx.commit().await?;
    } else {
        // At once, and not when the connection is dropped: whoever tries again must find the lock free. What is
        // left of a broken connection the server rolls back by itself.
        let _ = tx.rollback().await;
    }
    esito
}

async fn in_transaction(
    conn: &mut PgConnection,
    fonti: &LoadSources,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<LoadOutcome, LoadError> {
    prepare(conn).await?;
    let annunciata = Instant::now();
    let mut conteggio = FindingCounter {
        observer,
        errors: 0,
        warnings: 0,
    };
    conteggio.observer.phase(LoadPhase::Reading);
    let prima = is_first(conn).await?;
    let FilesRead {
        catalogo,
        righe,
        stanziamenti,
    } = read(conn, fonti, prima, &mut conteggio).await?;
    conteggio.judge()?;
    let data = fonti.data_riferimento;
    if let Some(rilevazione) = already_loaded(conn, data, righe, stanziamenti).await? {
        return Ok(LoadOutcome::AlreadyLoaded(Known {
            rilevazione,
            catalog: catalogo,
        }));
    }
    let latest = latest(&mut *conn).await?;
    if let Some(latest) = latest.as_ref().filter(|l| data < l.data_riferimento) {
        return Err(LoadError::OutOfOrder {
            data,
            ultima: latest.data_riferimento,
            numero: latest.numero,
        });
    }
    // A number is given once, also where its rilevazione is withdrawn. Two thousand million loads ahead of the type's end.
    let rilevazione: i32 =
        sqlx::query_scalar("select coalesce(max(numero), 0) + 1 from rilevazione")
            .fetch_one(&mut *conn)
            .await?;
    conteggio.observer.phase(LoadPhase::Writing);
    let decreti = if prima {
        write_first(conn, fonti, rilevazione, &mut conteggio).await?
    } else {
        merge::write(conn, rilevazione).await?
    };
    series::update(
        conn,
        rilevazione,
        &decreti.normative,
        fonti.righe_per_blocco,
    )
    .await?;
    // What was written is what differs from the rilevazione before; what is told, what differs from the latest.
    let latest = latest.map_or(0, |latest| latest.numero);
    let diverse = if latest == rilevazione - 1 {
        decreti.differences
    } else {
        merge::compare(conn, latest).await?
    };
    sqlx::query(
        "insert into rilevazione (numero, data_riferimento, caricata_il) values ($1, $2, $3)",
    )
    .bind(rilevazione)
    .bind(data)
    .bind(clock.now())
    .execute(&mut *conn)
    .await?;
    control::seal_rilevazione(conn, rilevazione).await?;
    // Not before everybody who serves has seen the lock: a small extract is quicker than they look.
    sleep_until(annunciata + NOTICE).await;
    Ok(LoadOutcome::Loaded(LoadSummary {
        rilevazione,
        rows: righe,
        added: diverse.added,
        changed: diverse.changed,
        ended: diverse.ended,
        stanziamenti,
        warnings: conteggio.warnings,
    }))
}

/// Whether there are no rows of the detail yet.
async fn is_first(conn: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar("select not exists (select from dettaglio_decreto)")
        .fetch_one(conn)
        .await
}

/// Writes the first rows. Their index is built over them after they are written, and finds a key that occurs twice at no
/// cost; which rows have it is asked only then.
async fn write_first(
    conn: &mut PgConnection,
    fonti: &LoadSources,
    rilevazione: i32,
    conteggio: &mut FindingCounter<'_>,
) -> Result<merge::MergeResult, LoadError> {
    let mut before = conn.begin().await?;
    let error = match merge::write(&mut before, rilevazione).await {
        Ok(scritto) => {
            before.commit().await?;
            return Ok(scritto);
        }
        Err(error) => error,
    };
    let twice = error
        .as_database_error()
        .is_some_and(|error| error.is_unique_violation());
    if twice {
        before.rollback().await?;
        report_duplicates(conn, &fonti.decreti, &DECRETI, conteggio).await?;
        conteggio.judge()?;
    }
    Err(error.into())
}

/// Takes the lock and sets what holds for this transaction.
pub(super) async fn prepare(conn: &mut PgConnection) -> Result<(), LoadError> {
    if !lock(conn).await? {
        return Err(LoadError::InProgress);
    }
    for setting in [
        // Sorts and hashes of the merge, and the indexes built after it: in memory up to here.
        "set local work_mem = '128MB'",
        "set local maintenance_work_mem = '256MB'",
        // The joins of the merge are of the whole extract with whole tables. The planner takes an index that has the
        // first columns of the key for a help, and then compares each row with all those of its decree.
        "set local enable_mergejoin = off",
        "set local enable_nestloop = off",
        "set local jit = off",
        // For those who run it on millions of rows.
        "set local statement_timeout = 0",
        // When the loader dies, its lock does not wait for the statement that runs to end.
        "set local client_connection_check_interval = '1s'",
    ] {
        sqlx::query(setting).execute(&mut *conn).await?;
    }
    Ok(())
}

/// What the files held.
struct FilesRead {
    catalogo: CatalogChanges,
    righe: u64,
    stanziamenti: u64,
}

/// Reads all the files into their temporary tables; the catalogue first, because the rows are checked against it. Of the first
/// rows, that no key occurs twice is left to [`write_first`].
async fn read(
    conn: &mut PgConnection,
    fonti: &LoadSources,
    prima: bool,
    conteggio: &mut FindingCounter<'_>,
) -> Result<FilesRead, LoadError> {
    let none = Arc::new(Catalog::default());
    let mut changes = CatalogChanges::default();
    if let Some(path) = &fonti.normative {
        fill(conn, path, &NORMATIVE, &none, conteggio).await?;
        report_duplicates(conn, path, &NORMATIVE, conteggio).await?;
        changes.normative(conn).await?;
    }
    if let Some(path) = &fonti.prestazioni {
        fill(conn, path, &PRESTAZIONI, &none, conteggio).await?;
        report_duplicates(conn, path, &PRESTAZIONI, conteggio).await?;
        changes.prestazioni(conn).await?;
    }
    let catalogo = catalog::read(conn).await?;
    let decreti = fill(conn, &fonti.decreti, &DECRETI, &catalogo, conteggio).await?;
    let file = fonti.decreti.display().to_string().into();
    provisional::agree(conn, &file, decreti, conteggio).await?;
    // An extract that is refused anyway tells all that is wrong.
    let cercati = !prima || conteggio.errors > 0;
    if cercati {
        report_duplicates(conn, &fonti.decreti, &DECRETI, conteggio).await?;
    }
    let path = &fonti.stanziamenti;
    let stanziamenti = fill(conn, path, &STANZIAMENTI, &catalogo, conteggio).await?;
    report_duplicates(conn, path, &STANZIAMENTI, conteggio).await?;
    if !cercati && conteggio.errors > 0 {
        report_duplicates(conn, &fonti.decreti, &DECRETI, conteggio).await?;
    }

    Ok(FilesRead {
        catalogo: changes,
        righe: decreti.rows,
        stanziamenti: stanziamenti.rows,
    })
}
