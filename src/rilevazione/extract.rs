//! The files of an extract, on their way into the temporary tables.

use std::{path::Path, sync::Arc};

use sqlx::PgConnection;

use super::{
    catalog::{self, Catalog, CatalogChanges, CodeKind},
    detail_keys::DetailKeys,
    layout::{DECRETI, STANZIAMENTI},
    outcome::LoadError,
    provisional,
    sources::LoadSources,
    staging::{FindingCounter, fill, report_duplicates},
};

/// What the files held.
pub(super) struct FilesRead {
    pub(super) catalog: CatalogChanges,
    /// Rows of the detail.
    pub(super) rows: u64,
    pub(super) stanziamenti: u64,
}

/// Reads all the files; the catalogue first, because the rows are checked against it.
pub(super) async fn read(
    conn: &mut PgConnection,
    sources: &LoadSources,
    keys: &mut DetailKeys<'_>,
    counter: &mut FindingCounter<'_>,
) -> Result<FilesRead, LoadError> {
    let mut changes = CatalogChanges::default();
    for (path, kind) in [
        (&sources.normative, CodeKind::NORMATIVE),
        (&sources.prestazioni, CodeKind::PRESTAZIONI),
    ] {
        if let Some(path) = path {
            read_codes(conn, path, kind, &mut changes, counter).await?;
        }
    }
    let catalog = catalog::read(conn).await?;

    let decreti = fill(conn, &sources.decreti, &DECRETI, &catalog, counter).await?;
    let file = sources.decreti.display().to_string().into();
    provisional::agree(conn, &file, decreti, counter).await?;
    keys.check(conn, counter).await?;

    let path = &sources.stanziamenti;
    let stanziamenti = fill(conn, path, &STANZIAMENTI, &catalog, counter).await?;
    report_duplicates(conn, path, &STANZIAMENTI, counter).await?;
    // Now that more may be wrong.
    keys.check(conn, counter).await?;

    Ok(FilesRead {
        catalog: changes,
        rows: decreti.rows,
        stanziamenti: stanziamenti.rows,
    })
}

async fn read_codes(
    conn: &mut PgConnection,
    path: &Path,
    kind: CodeKind,
    changes: &mut CatalogChanges,
    counter: &mut FindingCounter<'_>,
) -> Result<(), LoadError> {
    let none = Arc::new(Catalog::default());
    fill(conn, path, kind.layout, &none, counter).await?;
    report_duplicates(conn, path, kind.layout, counter).await?;
    changes.apply(conn, kind).await?;
    Ok(())
}
