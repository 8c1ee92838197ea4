//! `omnia get`: the operator's client. It goes through the network, as any caller does, with a token of its own.
//!
//! ```text
//! options, [client] of the settings ─► collegamento ─► servizio ─┬─► report: a table
//!                                                                 └─► ricezione ─► uscita: F.part, then F
//! ```
//!
//! Exit codes, for scripts: 0 done; 1 something on this machine (a file, the token, a certificate), or interrupted; 2 the command line; 3 the
//! service refuses; 4 what came is not what the service vouches for; 75 the service is not there, or gone for too long: the
//! same command, later, goes on from where it was.

mod collegamento;
mod domanda;
mod formato;
mod guasto;
mod parziale;
mod pazienza;
mod ricezione;
mod risposta;
mod scheda;
mod selezione;
mod servizio;
mod tls;
mod totali;
mod uscita;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};

use self::{
    collegamento::Collegamento,
    domanda::Domanda,
    guasto::Guasto,
    pazienza::Pazienza,
    ricezione::scarica,
    scheda::Pinned,
    selezione::{SelezioneDecreti, SelezioneReport},
    servizio::Servizio,
    uscita::{Come, OpzioniFile, stdout},
};
use super::{interrupt::interruptible, report_table::table};
use crate::{
    config::Settings,
    error::Sentence,
    output::stdio::{self, errln, outln},
};

/// Ask a service for its reports: as a table, or as a file whose totals and SHA-256 are checked.
///
/// Exit codes: 0 done; 1 something on this machine, or interrupted; 2 the command line; 3 the service refuses; 4 what came is not what the
/// service vouches for; 75 the service is not there, or was gone for too long: the same command goes on later.
#[derive(Debug, Args)]
pub(super) struct Get {
    #[command(subcommand)]
    cosa: Cosa,
    #[command(flatten)]
    collegamento: Collegamento,
}

#[derive(Debug, Subcommand)]
enum Cosa {
    Report(Report),
    Decreti(Decreti),
}

/// The report sintetico, as a table or as a file.
#[derive(Debug, Args)]
struct Report {
    #[command(flatten)]
    selezione: SelezioneReport,
    /// What to write; `-` for standard output. Without it, a table is printed.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    come: Come,
}

/// The decrees of a norm, as a file.
#[derive(Debug, Args)]
struct Decreti {
    #[command(flatten)]
    selezione: SelezioneDecreti,
    #[command(flatten)]
    opzioni: OpzioniFile,
}

impl Get {
    /// Runs it. What goes wrong is printed here, for it has an exit code of its own.
    ///
    /// # Errors
    /// None; the other subcommands have some.
    pub(super) async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        let file = self.cosa.file().map(Path::to_owned);
        let work = async { Ok(self.fai(settings).await) };
        let (guasto, continua) = match interruptible(work).await {
            Ok(Ok(())) => return Ok(ExitCode::SUCCESS),
            Ok(Err(guasto)) => {
                let continua = !matches!(guasto, Guasto::Locale(_));
                (guasto, continua)
            }
            Err(interrupted) => (Guasto::from(interrupted), true),
        };
        if stdio::is_closed() {
            return Ok(ExitCode::from(stdio::PIPE_CLOSED));
        }
        errln!("omnia: {guasto}");
        if let Some(consiglio) = file
            .filter(|_| continua)
            .and_then(|file| consiglio(&guasto, &file))
        {
            errln!("omnia: {consiglio}");
        }
        Ok(guasto.codice())
    }

    async fn fai(self, settings: &Settings) -> Result<(), Guasto> {
        let servizio = self.collegamento.apri(settings).await?;
        let pazienza = Pazienza::new(self.collegamento.tentativi);
        let (domanda, opzioni) = match self.cosa {
            Cosa::Report(Report {
                selezione,
                file: None,
                ..
            }) => return tabella(&servizio, &selezione, pazienza).await,
            Cosa::Report(Report {
                selezione,
                file: Some(file),
                come,
            }) => (Domanda::Report(selezione), OpzioniFile { file, come }),
            Cosa::Decreti(Decreti { selezione, opzioni }) => (Domanda::Decreti(selezione), opzioni),
        };
        let fatto = scarica(&servizio, &domanda, &opzioni, pazienza).await?;
        let text = fatto.racconta(&opzioni.file.display().to_string());
        if stdout(&opzioni.file) {
            errln!("{text}");
            return Ok(());
        }
        stampa(&text)
    }
}

impl Cosa {
    fn file(&self) -> Option<&Path> {
        match self {
            Self::Report(report) => report.file.as_deref(),
            Self::Decreti(decreti) => Some(&decreti.opzioni.file),
        }
    }
}

/// The table and what it was computed on: nothing else, so that it can be piped.
async fn tabella(
    servizio: &Servizio,
    selezione: &SelezioneReport,
    mut pazienza: Pazienza,
) -> Result<(), Guasto> {
    let numero = selezione.rilevazione.unwrap_or_default();
    let report = loop {
        match domanda::report(servizio, selezione, numero).await {
            Ok(report) => break report,
            Err(guasto) => pazienza.dopo(guasto, None).await?,
        }
    };
    let rilevazione = report.rilevazione.as_ref().map(Pinned::from);
    let rilevazione = rilevazione.ok_or_else(|| Guasto::diverso("a report of no rilevazione"))?;
    stampa(&format!("{}\n{rilevazione}, euro", table(&report)))
}

fn stampa(text: &str) -> Result<(), Guasto> {
    outln!("{text}");
    Ok(stdio::settle()?)
}

/// How to go on after a failure, where there is something to go on with.
fn consiglio(guasto: &Guasto, file: &Path) -> Option<String> {
    let shown = file.display();
    if stdout(file) {
        return Some("what standard output has got, if anything, is not whole".to_owned());
    }
    let parte = parziale::parte(file);
    let byte = std::fs::metadata(&parte)
        .ok()
        .filter(|parte| parte.len() > 0)?
        .len();
    let parte = parte.display();
    match guasto {
        Guasto::Diverso(_) => Some(format!(
            "{shown} was not written; {parte} is left as it is, and --da-capo downloads all of it anew"
        )),
        _ => Some(format!(
            "{parte} has {byte} bytes; the same command goes on from there"
        )),
    }
}
