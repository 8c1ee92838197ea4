//! A call of MonitoraggioService, as a command asks it.

use std::{io::IsTerminal as _, os::fd::AsFd as _};

use clap::{Args, ValueEnum};

use super::answer::AnswerTable;
use crate::{
    cli::get::{failure::Failure, service_client::ServiceClient},
    contract::proto::GetMyAccessRequest,
    output::stdio,
};

/// What a command asks: a file of this folder for each.
pub(in crate::cli::get) trait Question {
    /// The call, as the policy names it.
    const CALL: &'static str;

    /// By option, what is asked for, but for the rilevazione.
    fn asked(&self) -> Vec<(&'static str, String)>;

    /// The rilevazione that is asked for; `None`: the latest.
    fn rilevazione(&self) -> Option<i32>;

    /// Whether a curve is drawn, where the answer has one.
    fn draws(&self) -> bool {
        false
    }

    /// Makes the call.
    ///
    /// # Errors
    /// The call's.
    async fn ask(&self, service: &ServiceClient) -> Result<AnswerTable, Failure>;
}

/// Makes the call, and asks what the profile sees of its answer.
///
/// # Errors
/// Those of the two calls.
pub(super) async fn answer_of<Q: Question>(
    question: &Q,
    service: &ServiceClient,
) -> Result<AnswerTable, Failure> {
    let mut answer = question.ask(service).await?;
    let request = service.request(GetMyAccessRequest {})?;
    let access = service.access().get_my_access(request).await;
    let access = access.map_err(|s| service.failure(&s))?.into_inner();
    let call = access.chiamate.into_iter().find(|call| call.rpc == Q::CALL);
    answer.hide(&call.map(|call| call.colonne).unwrap_or_default());
    Ok(answer)
}

#[derive(Debug, Clone, Copy, Args)]
pub(super) struct ChartArgs {
    /// Whether a curve in text is drawn below the table.
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        conflicts_with = "file"
    )]
    grafico: ChartWhen,
}

/// When a curve is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ChartWhen {
    /// Where standard output is a terminal.
    Auto,
    /// Always.
    Sempre,
    /// Never.
    Mai,
}

impl ChartArgs {
    pub(super) fn draws(self) -> bool {
        match self.grafico {
            ChartWhen::Auto => stdio::stream().as_fd().is_terminal(),
            ChartWhen::Sempre => true,
            ChartWhen::Mai => false,
        }
    }
}
