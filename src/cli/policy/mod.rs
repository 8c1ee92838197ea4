//! `omnia policy`: checks an access policy, shows what it amounts to, why it decides as it does, and what another would change.

mod diff;
mod explain;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};

use crate::{
    abilitazione::{Sorgente, Tabella, matrix},
    config::Settings,
    contract::vocabulary::Vocabulary,
    error::Sentence,
    output::stdio::{out, outln},
};

/// Check the access policy, show what each profile may do and why, or what another policy would change.
#[derive(Debug, Args)]
pub(super) struct Policy {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a policy against the contract; every error is listed.
    Check(Source),
    /// Print profiles × calls × filters × columns as a table.
    Matrix(Source),
    Explain(explain::Explain),
    Diff(diff::Diff),
}

#[derive(Debug, Args)]
struct Source {
    /// Directory with policy.csv and perhaps model.conf. Without it: `access.policy_dir`, or the policy built in.
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Source {
    async fn tabella(
        &self,
        settings: &Settings,
        vocabulary: &Vocabulary,
    ) -> Result<Tabella, Sentence> {
        let dir = self.dir.as_ref().or(settings.access.policy_dir.as_ref());
        tabella(dir.map(PathBuf::as_path), vocabulary).await
    }
}

/// The table of the policy in a directory, or of the one built in.
pub(super) async fn tabella(
    dir: Option<&Path>,
    vocabulary: &Vocabulary,
) -> Result<Tabella, Sentence> {
    let sorgente = Sorgente::of_settings(dir)?;
    Ok(Tabella::build(&sorgente, vocabulary).await?)
}

impl Policy {
    /// Runs it.
    ///
    /// # Errors
    /// Everything that is wrong with the policy, a line each.
    pub(super) async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        let vocabulary = Vocabulary::of_contract()?;
        match self.command {
            Command::Check(source) => {
                let tabella = source.tabella(settings, &vocabulary).await?;
                let profili: Vec<&str> = tabella.profili().map(|profilo| profilo.nome()).collect();
                outln!(
                    "policy {}: good; profiles: {}",
                    tabella.versione(),
                    profili.join(", ")
                );
            }
            Command::Matrix(source) => {
                let tabella = source.tabella(settings, &vocabulary).await?;
                out!("{}", matrix(&tabella, &vocabulary));
            }
            Command::Explain(explain) => out!("{}", explain.run(settings, vocabulary).await?),
            Command::Diff(diff) => out!("{}", diff.run(settings, &vocabulary).await?),
        }
        Ok(ExitCode::SUCCESS)
    }
}
