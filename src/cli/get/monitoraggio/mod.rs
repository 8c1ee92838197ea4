//! The calls of MonitoraggioService as commands: a file for each, which says what is asked and makes one table of the answer.
//!
//! ```text
//! options ─► Question ─► the call, GetMyAccess ─► AnswerTable ─┬─► table, curve: printed
//!                                                             └─► AnswerFile: CSV, XLSX, Parquet
//! ```
//!
//! A further call is a file like `storia.rs`, a variant of [`MonitoraggioCommand`], and a line in its two matches. One whose answer comes
//! as a file from the service is none of these: it is a `DownloadRequest`.

mod andamento;
mod answer;
mod capienza;
mod confronto;
mod curve;
mod file;
mod proiezione;
mod prospect;
mod question;
mod storia;
mod table;
mod tiraggio;
mod words;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use self::{
    andamento::AndamentoArgs,
    capienza::CapienzaArgs,
    confronto::ConfrontoArgs,
    file::AnswerFile,
    proiezione::ProiezioneArgs,
    question::{Question, answer_of},
    storia::StoriaArgs,
    table::printed,
    tiraggio::TiraggioArgs,
};
use super::{
    backoff::Backoff, failure::Failure, output::OutputArgs, service_client::ServiceClient,
};

/// What is asked of MonitoraggioService.
#[derive(Debug, Subcommand)]
pub(super) enum MonitoraggioCommand {
    /// Authorised and paid by month, quarter or year, beside the appropriation of the year.
    Andamento(QuestionCommand<AndamentoArgs>),
    /// The figures of the report in each rilevazione of the history.
    Storia(QuestionCommand<StoriaArgs>),
    /// How much of what was authorised is paid, and how soon: a norm and a benefit, by month of the decrees and by age.
    Tiraggio(QuestionCommand<TiraggioArgs>),
    /// Whether the appropriation of a year is reached or will be: what is known, and what is expected.
    Proiezione(QuestionCommand<ProiezioneArgs>),
    /// Whether an agreement fits under the appropriations of its years.
    Capienza(QuestionCommand<CapienzaArgs>),
    /// What is different between two rilevazioni.
    Confronto(QuestionCommand<ConfrontoArgs>),
}

/// A question, and where its answer goes.
#[derive(Debug, Args)]
pub(super) struct QuestionCommand<Q: Args> {
    #[command(flatten)]
    question: Q,
    /// What to write; `-` for standard output. Without it, a table is printed.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    come: OutputArgs,
}

impl MonitoraggioCommand {
    /// The file that is written; `None`: the answer is printed.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::Andamento(command) => command.file.as_deref(),
            Self::Storia(command) => command.file.as_deref(),
            Self::Tiraggio(command) => command.file.as_deref(),
            Self::Proiezione(command) => command.file.as_deref(),
            Self::Capienza(command) => command.file.as_deref(),
            Self::Confronto(command) => command.file.as_deref(),
        }
    }

    /// Asks, writes the file if one is wanted, and gives what is to be printed.
    ///
    /// # Errors
    /// Why there is no answer, or no file of it.
    pub(super) async fn perform(
        &self,
        service: &ServiceClient,
        backoff: Backoff,
    ) -> Result<String, Failure> {
        match self {
            Self::Andamento(command) => command.perform(service, backoff).await,
            Self::Storia(command) => command.perform(service, backoff).await,
            Self::Tiraggio(command) => command.perform(service, backoff).await,
            Self::Proiezione(command) => command.perform(service, backoff).await,
            Self::Capienza(command) => command.perform(service, backoff).await,
            Self::Confronto(command) => command.perform(service, backoff).await,
        }
    }
}

impl<Q: Args + Question> QuestionCommand<Q> {
    async fn perform(&self, service: &ServiceClient, backoff: Backoff) -> Result<String, Failure> {
        let question = &self.question;
        let file = self.file.as_deref();
        let file = file.map(|file| AnswerFile::open(file, &self.come, question, service));
        let file = file.transpose()?;
        let answer = backoff
            .until_answered(async || answer_of(question, service).await)
            .await?;
        match file {
            Some(file) => file.write(answer).await,
            None => Ok(printed(&answer, question.draws())),
        }
    }
}
