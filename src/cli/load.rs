//! `omnia load`: an extract becomes a rilevazione.

mod withdraw;

use std::{
    fs::{self, File, Permissions},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use sqlx::PgPool;

use self::withdraw::Withdraw;
use super::progress::Progress;
use crate::{
    app::derivations,
    clock::Clock,
    config::Settings,
    error::Sentence,
    output::{file, spreadsheet, stdio::outln, terminal::TerminalLine},
    postgres,
    rilevazione::{
        CatalogChanges, Finding, Known, LoadError, LoadOutcome, LoadPhase, LoadSources,
        LoadSummary, Observer, derived::Derivation, load_extract,
    },
    valori::{BYTE_ORDER_MARK, parse_date},
};

/// Load an extract: all of it, as a new rilevazione, or nothing.
#[derive(Debug, Args)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub(super) struct Load {
    #[command(subcommand)]
    command: Option<LoadCommand>,
    #[command(flatten)]
    extract: Option<Extract>,
}

#[derive(Debug, Subcommand)]
enum LoadCommand {
    Withdraw(Withdraw),
}

impl Load {
    /// Loads or withdraws, and prints what became of it.
    ///
    /// # Errors
    /// A sentence: the extract is refused, or it could not be loaded; the rilevazione cannot be withdrawn.
    pub(super) async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        match (self.command, self.extract) {
            (Some(LoadCommand::Withdraw(withdraw)), _) => withdraw.run(settings).await,
            (None, Some(extract)) => extract.run(settings).await,
            (None, None) => Err("give --decreti, --stanziamenti and --data-riferimento".into()),
        }
    }
}

#[derive(Debug, Args)]
struct Extract {
    /// The rows of the detail (CSV). No two of them have the same natural key: normativa, prestazione, codifica_sistema_unico,
    /// numero_decreto, data_decreto, cf_azienda, matricola_azienda, validita_dal. An optional column persona_fisica (S, N or
    /// empty) says that a code of eleven digits is a natural person's.
    #[arg(long, value_name = "FILE")]
    decreti: PathBuf,
    /// The appropriations (CSV).
    #[arg(long, value_name = "FILE")]
    stanziamenti: PathBuf,
    /// The day as of which the extract was made.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = |text: &str| parse_date(text))]
    data_riferimento: NaiveDate,
    /// Norms to add to the catalogue, or to describe anew (CSV): applied even where the extract is loaded already.
    #[arg(long, value_name = "FILE")]
    normative: Option<PathBuf>,
    /// Benefits, likewise (CSV).
    #[arg(long, value_name = "FILE")]
    prestazioni: Option<PathBuf>,
    /// Where to write the refused and the doubtful rows (CSV, readable by you alone: it may hold personal data). Without
    /// it they are printed on standard error.
    #[arg(long, value_name = "FILE")]
    rifiuti: Option<PathBuf>,
}

impl Extract {
    async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        let fonti = LoadSources {
            decreti: self.decreti,
            stanziamenti: self.stanziamenti,
            normative: self.normative,
            prestazioni: self.prestazioni,
            data_riferimento: self.data_riferimento,
        };
        let rifiuti = self.rifiuti.as_deref();
        let list = rifiuti.map(|path| rejects_file(path, &fonti)).transpose()?;
        let postgres = postgres::join(&settings.database).await?;
        let owner = postgres.owner_pool();
        if postgres.is_private() {
            postgres::migrate(postgres.owner()).await?;
        } else {
            postgres::check_schema(postgres.owner()).await?;
        }
        let derivations = derivations(settings.export.batch_rows);
        let esito = load(&owner, &fonti, &derivations, list).await;
        postgres.stop().await?;
        match esito? {
            Ok(LoadOutcome::Loaded(riepilogo)) => {
                outln!("{}", summary(&riepilogo, fonti.data_riferimento, rifiuti));
            }
            Ok(LoadOutcome::AlreadyLoaded(known)) => outln!("{}", known_sentence(known)),
            Err(error @ LoadError::Refused { .. }) => {
                return Err(match rifiuti {
                    Some(path) => format!("{error}; they are listed in {}", path.display()).into(),
                    None => error.into(),
                });
            }
            Err(error) => return Err(error.into()),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Loads with a progress bar; the findings go to `list`, or to standard error.
///
/// # Errors
/// The outer: the list of rejects could not be finished. The inner: the loader's.
pub(super) async fn load(
    owner: &PgPool,
    fonti: &LoadSources,
    derivations: &[Box<dyn Derivation>],
    list: Option<csv::Writer<File>>,
) -> Result<Result<LoadOutcome, LoadError>, Sentence> {
    let mut report = LoadReport {
        progress: Progress::new(size(fonti)),
        rows: 0,
        list,
    };
    let esito = load_extract(owner, fonti, derivations, &Clock::system(), &mut report).await;
    report.finish()?;
    Ok(esito)
}

fn summary(riepilogo: &LoadSummary, data: NaiveDate, rifiuti: Option<&Path>) -> String {
    let LoadSummary {
        rilevazione,
        rows: righe,
        added: nuove,
        changed: modificate,
        ended: cessate,
        stanziamenti,
        warnings: avvisi,
    } = riepilogo;
    let mut text = format!(
        "rilevazione {rilevazione} is loaded, as of {data}: {righe} rows ({nuove} new, {modificate} changed, \
         {cessate} dropped), {stanziamenti} appropriations, {avvisi} warnings"
    );
    if let Some(path) = rifiuti.filter(|_| *avvisi > 0) {
        text.push_str(&format!(", listed in {}", path.display()));
    }
    text
}

fn known_sentence(known: Known) -> String {
    let Known {
        rilevazione,
        catalog:
            CatalogChanges {
                added: nuovi,
                described: descritti,
            },
    } = known;
    let written = match nuovi + descritti {
        0 => "nothing was written".to_owned(),
        _ => format!("of its catalogue {nuovi} codes were added, {descritti} described anew"),
    };
    format!("this extract is already loaded, as rilevazione {rilevazione}; {written}")
}

/// The bytes to read, as far as they are known beforehand.
fn size(fonti: &LoadSources) -> u64 {
    let sizes = fonti.files().filter_map(|path| fs::metadata(path).ok());
    sizes.map(|metadata| metadata.len()).sum()
}

/// Shows how far the load is, and lists what it finds.
struct LoadReport {
    progress: Progress,
    rows: u64,
    /// Without it: standard error.
    list: Option<csv::Writer<File>>,
}

impl LoadReport {
    fn finish(self) -> Result<(), Sentence> {
        if let Some(mut list) = self.list {
            list.flush()
                .map_err(|error| format!("cannot write the rejects: {error}"))?;
        }
        Ok(())
    }
}

impl Observer for LoadReport {
    fn report(&mut self, segnalazione: &Finding) -> io::Result<()> {
        let Some(list) = &mut self.list else {
            self.progress.line(&segnalazione.to_string());
            return Ok(());
        };
        let motivo = &segnalazione.reason;
        let riga = segnalazione.line.to_string();
        let cells: [&str; 7] = [
            segnalazione.severity.as_str(),
            &segnalazione.file,
            &riga,
            &segnalazione.column,
            &segnalazione.value,
            &motivo.italian,
            &motivo.english,
        ];
        // A list is opened by a spreadsheet, and printed by a terminal. What a formula is, the text says before its
        // escapes do.
        let harmless = cells.map(|text| match spreadsheet::is_formula(text) {
            true => format!("'{}", TerminalLine(text)),
            false => TerminalLine(text).to_string(),
        });
        list.write_record(harmless).map_err(io::Error::from)
    }

    fn phase(&mut self, fase: LoadPhase) {
        if fase == LoadPhase::Writing {
            self.progress.spin("writing the rilevazione");
        }
    }

    fn progress(&mut self, byte: u64, righe: u64) {
        self.rows += righe;
        self.progress.advance(byte);
        self.progress.rows(self.rows);
    }
}

/// Opens the file of rejects, for its owner alone.
fn rejects_file(path: &Path, fonti: &LoadSources) -> Result<csv::Writer<File>, Sentence> {
    let failed = |error: io::Error| format!("cannot write {}: {error}", path.display());
    let file = file::private()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    for source in fonti.files() {
        let same =
            |other: fs::Metadata| (other.dev(), other.ino()) == (metadata.dev(), metadata.ino());
        if fs::metadata(source).is_ok_and(same) {
            return Err(format!(
                "--rifiuti would overwrite {}, which is to be loaded",
                source.display()
            )
            .into());
        }
    }
    // What is not a file, such as a pipe, has neither a length nor an owner's mode to set.
    if metadata.is_file() {
        file.set_len(0).map_err(failed)?;
        file.set_permissions(Permissions::from_mode(0o600))
            .map_err(failed)?;
    }
    // A spreadsheet takes a text without it for one in its own old encoding.
    (&file)
        .write_all(BYTE_ORDER_MARK.as_bytes())
        .map_err(failed)?;
    let mut list = csv::Writer::from_writer(file);
    list.write_record([
        "gravita",
        "file",
        "riga",
        "colonna",
        "valore",
        "motivo",
        "motivo_english",
    ])
    .map_err(|error| failed(error.into()))?;
    Ok(list)
}
