//! The rilevazioni of the demo: twelve, one after the other, through the same loader as real data.
//!
//! ```text
//! <data_dir>/demo/in-corso    how many rows were asked for: there from before the first load until after the last
//! <data_dir>/demo/estratto/   the extract that is being loaded
//! ```
//!
//! So a start that was interrupted is gone on with, and what somebody else loaded is left alone: there is no such file.

use std::{fs, io, path::Path};

use chrono::NaiveDate;
use sqlx::PgPool;

use super::{super::load, generate};
use crate::{
    app, demo::sample::SampleOptions, error::Sentence, output::stdio::errln,
    rilevazione::LoadOutcome,
};

/// The world of the demo.
const SEED: u64 = 1;
/// A year of rilevazioni. The last is as of a day that is past.
const RILEVAZIONI: u32 = 12;
/// Of a hundred rows of the last, the first has so many.
const FIRST: u64 = 82;
const BEGUN: &str = "in-corso";

/// Loads what is missing: all, where there is nothing yet; the rest, where an earlier start was interrupted. The last has some
/// `righe` rows.
///
/// # Errors
/// A sentence: what could not be generated, read or loaded.
pub(super) async fn load_missing(
    owner: &PgPool,
    dir: &Path,
    righe: u64,
    rows_per_block: u32,
) -> Result<(), Sentence> {
    let loaded: Vec<NaiveDate> =
        sqlx::query_scalar("select data_riferimento from rilevazione order by numero")
            .fetch_all(owner)
            .await?;
    let begun = dir.join(BEGUN);
    let righe = if loaded.is_empty() {
        fs::write(&begun, righe.to_string()).map_err(|error| of_file(&begun, &error))?;
        righe
    } else {
        match rows_begun(&begun)? {
            Some(rows) => rows,
            None => return Ok(()),
        }
    };
    let extract = |rilevazione| SampleOptions {
        rows: (righe * FIRST / 100).max(1),
        seed: SEED,
        rilevazione,
    };
    let extracts: Vec<SampleOptions> = (1..=RILEVAZIONI).map(extract).collect();
    let days = extracts.iter().map(SampleOptions::data_riferimento);
    if days.take(loaded.len()).eq(loaded.iter().copied()) {
        errln!("loading {RILEVAZIONI} rilevazioni, the last of some {righe} rows");
        for extract in extracts.iter().skip(loaded.len()) {
            load_extract(owner, dir, *extract, rows_per_block).await?;
        }
    } else {
        errln!("the demo's rilevazioni are not all loaded, and others are: serving what is there");
    }
    // What is interrupted here finds nothing to load.
    fs::remove_file(&begun).map_err(|error| of_file(&begun, &error))?;
    Ok(())
}

/// The rows that an earlier start was asked for. `None`: none was interrupted.
fn rows_begun(path: &Path) -> Result<Option<u64>, Sentence> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(of_file(path, &error)),
    };
    let rows = text.trim().parse();
    let rows = rows.map_err(|_| {
        format!(
            "{}: not a number of rows: delete it to serve what is loaded",
            path.display()
        )
    })?;
    Ok(Some(rows))
}

fn of_file(path: &Path, error: &io::Error) -> Sentence {
    format!("{}: {error}", path.display()).into()
}

async fn load_extract(
    owner: &PgPool,
    dir: &Path,
    extract: SampleOptions,
    rows_per_block: u32,
) -> Result<(), Sentence> {
    let cartella = dir.join("estratto");
    let fonti = generate::generate(extract, &cartella).await?;
    let derivations = app::derivations(rows_per_block);
    let loaded = load::load(owner, &fonti, &derivations, None).await??;
    if let LoadOutcome::Loaded(summary) = loaded {
        errln!(
            "rilevazione {} is loaded, as of {}: {} rows",
            summary.rilevazione,
            fonti.data_riferimento,
            summary.rows
        );
    }
    fs::remove_dir_all(&cartella)?;
    Ok(())
}
