//! Loading: what is refused and how it is told, what becomes visible and when.

mod again;
mod command;
mod forms;
mod keys;
mod killed;
mod other_forms;
mod provisional;
mod rejects;
mod together;
mod versions;
mod withdrawn;

use std::{fs, path::Path};

use chrono::{DateTime, NaiveDate};
use omnia::{
    blocks::block::ROWS_PER_BLOCK,
    clock::Clock,
    rilevazione::{
        Finding, LoadError, LoadOutcome, LoadSources, LoadSummary, derived::Derivation,
        load_extract,
    },
};
use sqlx::PgPool;
use tempfile::TempDir;

pub(crate) const DECRETI: &str = "normativa,prestazione,codifica_sistema_unico,numero_decreto,data_decreto,validita_dal,\
     validita_al,cf_azienda,matricola_azienda,ore_decretate,importi_autorizzati,importi_erogati";
pub(crate) const STANZIAMENTI: &str = "normativa,prestazione,anno,importo";
const NORMATIVE: &str =
    "normativa,descrizione\nDL109-2018-ART44,Cessazione\nDL48-2023-ART30,Deroga\n";
const PRESTAZIONI: &str =
    "prestazione,descrizione\nCIGS,Cassa straordinaria\nCIGO,Cassa ordinaria\n";

/// Two right rows, which differ in their key.
const A: &str = "DL109-2018-ART44,CIGS,333-145,112233,2023-12-22,2023-10-01,2023-12-31,00743110157,7012345662,100.00,1000.00,100.00";
const B: &str = "DL48-2023-ART30,CIGS,333-190,145/2023,2023-12-23,2023-10-01,2024-09-30,RCCMNL83S18D969H,4900012363,40.50,0.00,0.00";

/// An extract on disk.
struct ExtractFiles {
    folder: TempDir,
    fonti: LoadSources,
}

impl ExtractFiles {
    /// Files with these contents, and the catalogue above.
    fn new(decreti: impl AsRef<[u8]>, stanziamenti: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fonti = LoadSources::in_folder(folder.path(), day("2024-01-31"));
        fs::write(&fonti.decreti, decreti).unwrap();
        fs::write(&fonti.stanziamenti, stanziamenti).unwrap();
        fs::write(fonti.normative.as_ref().unwrap(), NORMATIVE).unwrap();
        fs::write(fonti.prestazioni.as_ref().unwrap(), PRESTAZIONI).unwrap();
        Self { folder, fonti }
    }

    /// These rows, under the usual headers.
    fn of(decreti: &[&str], stanziamenti: &[&str]) -> Self {
        Self::new(file(DECRETI, decreti), file(STANZIAMENTI, stanziamenti))
    }

    fn dated(mut self, data: &str) -> Self {
        self.fonti.data_riferimento = day(data);
        self
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    async fn load(&self, pool: &PgPool) -> (Result<LoadOutcome, LoadError>, Vec<Finding>) {
        let mut found = Vec::new();
        let esito = load_extract(pool, &self.fonti, &all_derived(), &clock(), &mut found).await;
        (esito, found)
    }

    /// Loads what is known to be right.
    async fn must_load(&self, pool: &PgPool) -> LoadSummary {
        match self.load(pool).await {
            (Ok(LoadOutcome::Loaded(riepilogo)), _) => riepilogo,
            other => panic!("{other:?}"),
        }
    }

    /// Loads what is loaded already, and gives the number that it has.
    async fn must_be_known(&self, pool: &PgPool) -> i32 {
        match self.load(pool).await {
            (Ok(LoadOutcome::AlreadyLoaded(gia)), _) => gia.rilevazione,
            other => panic!("{other:?}"),
        }
    }
}

fn file(header: &str, rows: &[&str]) -> String {
    let mut text = format!("{header}\n");
    for row in rows {
        text.push_str(row);
        text.push('\n');
    }
    text
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// What a load derives, as in production.
fn all_derived() -> Vec<Box<dyn Derivation>> {
    omnia::app::derivations(ROWS_PER_BLOCK)
}

fn clock() -> Clock {
    let now = DateTime::parse_from_rfc3339("2026-11-23T12:00:00+01:00").unwrap();
    Clock::from_fn(move || now.to_utc())
}

/// The rows of the detail that a rilevazione sees, as lines of the file, sorted.
async fn visible(pool: &PgPool, n: i32) -> Vec<String> {
    let rows = sqlx::query_scalar(
        "select concat_ws(',', normativa, prestazione, codifica_sistema_unico, numero_decreto, data_decreto,
             validita_dal, validita_al, cf_azienda, matricola_azienda, ore_decretate, importi_autorizzati,
             importi_erogati)
         from dettaglio_decreto
         where dal_rilevazione <= $1 and al_rilevazione >= $1",
    )
    .bind(n)
    .fetch_all(pool)
    .await
    .unwrap();
    sorted(rows)
}

/// The codes of eleven digits that a rilevazione knows for natural persons', of each row.
async fn provisional(pool: &PgPool, n: i32) -> Vec<String> {
    sqlx::query_scalar(
        "select cf_azienda from dettaglio_decreto
         where dal_rilevazione <= $1 and al_rilevazione >= $1 and persona_fisica
         order by 1",
    )
    .bind(n)
    .fetch_all(pool)
    .await
    .unwrap()
}

/// The same for the appropriations.
async fn visible_stanziamenti(pool: &PgPool, n: i32) -> Vec<String> {
    let rows = sqlx::query_scalar(
        "select concat_ws(',', normativa, prestazione, anno, importo)
         from stanziamento
         where dal_rilevazione <= $1 and al_rilevazione >= $1",
    )
    .bind(n)
    .fetch_all(pool)
    .await
    .unwrap();
    sorted(rows)
}

/// All that a load may write, whole, with the indexes that it may rebuild.
async fn everything(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "select t::text from normativa t
         union all select t::text from prestazione t
         union all select t::text from rilevazione t
         union all select t::text from stanziamento t
         union all select t::text from dettaglio_decreto t
         union all select t::text from somma_giorno t
         union all select indexdef from pg_indexes where schemaname = 'public'
         order by 1",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

/// The lines of a file without its header, sorted.
fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    sorted(text.lines().skip(1).map(str::to_owned).collect())
}

fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort_unstable();
    rows
}
