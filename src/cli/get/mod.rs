//! `omnia get`: the operator's client. It goes through the network, as any caller does, with a token of its own.
//!
//! ```text
//! options, [client] of the settings ─► connection ─► service_client ─┬─► report: a table
//!                                                                    ├─► monitoraggio: a table, a curve, or output
//!                                                                    └─► receiver ─► output: F.part, then F
//! ```
//!
//! Exit codes, for scripts: 0 done; 1 something on this machine (a file, the token, a certificate), or interrupted; 2 the command line; 3 the
//! service refuses; 4 what came is not what the service vouches for; 75 the service is not there, or gone for too long: the
//! same command, later, goes on from where it was.

mod backoff;
mod connection;
mod failure;
mod file_totals;
mod format;
mod manifest;
mod monitoraggio;
mod output;
mod partial_file;
mod receiver;
mod request;
mod selection;
mod service_client;
mod service_refusal;
mod tls;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};

use self::{
    backoff::Backoff,
    connection::ConnectionArgs,
    failure::Failure,
    manifest::PinnedRilevazione,
    monitoraggio::MonitoraggioCommand,
    output::{OutputArgs, OutputFileArgs, stdout},
    receiver::download,
    request::DownloadRequest,
    selection::{ComparedArgs, DecreeSelectionArgs, ReportSelectionArgs},
    service_client::ServiceClient,
};
use super::{interrupt::interruptible, report_table::table};
use crate::{
    config::Settings,
    error::Sentence,
    output::stdio::{self, errln, outln},
};

/// Ask a service for its reports, and for the caps over time: as tables, or as files. Of a download, totals and SHA-256 are checked.
///
/// Exit codes: 0 done; 1 something on this machine, or interrupted; 2 the command line; 3 the service refuses; 4 what came is not what the
/// service vouches for; 75 the service is not there, or was gone for too long: the same command goes on later.
#[derive(Debug, Args)]
pub(super) struct Get {
    #[command(subcommand)]
    cosa: GetCommand,
    #[command(flatten)]
    collegamento: ConnectionArgs,
}

#[derive(Debug, Subcommand)]
enum GetCommand {
    Report(GetReportArgs),
    Decreti(GetDecreesArgs),
    Differenze(GetDifferencesArgs),
    #[command(flatten)]
    Monitoraggio(MonitoraggioCommand),
}

/// The report sintetico, as a table or as a file.
#[derive(Debug, Args)]
struct GetReportArgs {
    #[command(flatten)]
    selezione: ReportSelectionArgs,
    /// What to write; `-` for standard output. Without it, a table is printed.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    come: OutputArgs,
}

/// The decrees of a norm, as a file.
#[derive(Debug, Args)]
struct GetDecreesArgs {
    #[command(flatten)]
    selezione: DecreeSelectionArgs,
    #[command(flatten)]
    opzioni: OutputFileArgs,
}

/// The rows that are different between two rilevazioni, each as it was and as it is, as a file.
#[derive(Debug, Args)]
struct GetDifferencesArgs {
    #[command(flatten)]
    compared: ComparedArgs,
    #[command(flatten)]
    opzioni: OutputFileArgs,
}

impl Get {
    /// Runs it. What goes wrong is printed here, for it has an exit code of its own.
    ///
    /// # Errors
    /// None; the other subcommands have some.
    pub(super) async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        let file = self.cosa.file().map(Path::to_owned);
        let resumes = self.cosa.resumes();
        let work = async { Ok(self.perform(settings).await) };
        let (failure, goes_on) = match interruptible(work).await {
            Ok(Ok(())) => return Ok(ExitCode::SUCCESS),
            Ok(Err(failure)) => {
                let goes_on = !matches!(failure, Failure::Local(_));
                (failure, goes_on)
            }
            Err(interrupted) => (Failure::from(interrupted), true),
        };
        if stdio::is_closed() {
            return Ok(ExitCode::from(stdio::PIPE_CLOSED));
        }
        errln!("omnia: {failure}");
        if let Some(hint) = file
            .filter(|file| goes_on && (resumes || stdout(file)))
            .and_then(|file| advice(&failure, &file))
        {
            errln!("omnia: {hint}");
        }
        Ok(failure.exit_code())
    }

    async fn perform(self, settings: &Settings) -> Result<(), Failure> {
        let service = self.collegamento.open(settings).await?;
        let backoff = Backoff::new(self.collegamento.tentativi);
        let (question, opzioni) = match self.cosa {
            GetCommand::Report(GetReportArgs {
                selezione,
                file: None,
                ..
            }) => return print_table(&service, &selezione, backoff).await,
            GetCommand::Report(GetReportArgs {
                selezione,
                file: Some(file),
                come,
            }) => (
                DownloadRequest::Report(selezione),
                OutputFileArgs { file, come },
            ),
            GetCommand::Decreti(GetDecreesArgs { selezione, opzioni }) => {
                (DownloadRequest::Decrees(selezione), opzioni)
            }
            GetCommand::Differenze(GetDifferencesArgs { compared, opzioni }) => {
                (DownloadRequest::Differences(compared), opzioni)
            }
            GetCommand::Monitoraggio(command) => {
                let text = command.perform(&service, backoff).await?;
                return print_beside(&text, command.file());
            }
        };
        let done = download(&service, &question, &opzioni, backoff).await?;
        let text = done.summary(&opzioni.file.display().to_string());
        print_beside(&text, Some(&opzioni.file))
    }
}

impl GetCommand {
    fn file(&self) -> Option<&Path> {
        match self {
            Self::Report(report) => report.file.as_deref(),
            Self::Decreti(decreti) => Some(&decreti.opzioni.file),
            Self::Differenze(differenze) => Some(&differenze.opzioni.file),
            Self::Monitoraggio(command) => command.file(),
        }
    }

    /// Whether an unfinished file is gone on with: one that comes in pieces is.
    fn resumes(&self) -> bool {
        match self {
            Self::Report(_) | Self::Decreti(_) | Self::Differenze(_) => true,
            Self::Monitoraggio(_) => false,
        }
    }
}

/// The table and what it was computed on: nothing else, so that it can be piped.
async fn print_table(
    service: &ServiceClient,
    selezione: &ReportSelectionArgs,
    backoff: Backoff,
) -> Result<(), Failure> {
    let numero = selezione.rilevazione.unwrap_or_default();
    let report = backoff
        .until_answered(async || request::report(service, selezione, numero).await)
        .await?;
    let rilevazione = report.rilevazione.as_ref().map(PinnedRilevazione::from);
    let rilevazione = rilevazione.ok_or_else(|| Failure::mismatch("a report of no rilevazione"))?;
    print(&format!("{}\n{rilevazione}, euro", table(&report)))
}

/// On standard error where the file is standard output.
fn print_beside(text: &str, file: Option<&Path>) -> Result<(), Failure> {
    if file.is_some_and(stdout) {
        errln!("{text}");
        return Ok(());
    }
    print(text)
}

fn print(text: &str) -> Result<(), Failure> {
    outln!("{text}");
    Ok(stdio::settle()?)
}

/// How to go on after a failure, where there is something to go on with.
fn advice(failure: &Failure, file: &Path) -> Option<String> {
    let shown = file.display();
    if stdout(file) {
        return Some("what standard output has got, if anything, is not whole".to_owned());
    }
    let parte = partial_file::part_path(file);
    let byte = std::fs::metadata(&parte)
        .ok()
        .filter(|parte| parte.len() > 0)?
        .len();
    let parte = parte.display();
    match failure {
        Failure::Mismatch(_) => Some(format!(
            "{shown} was not written; {parte} is left as it is, and --da-capo downloads all of it anew"
        )),
        _ => Some(format!(
            "{parte} has {byte} bytes; the same command goes on from there"
        )),
    }
}
