//! `omnia policy`: checks an access policy, shows what it amounts to, why it decides as it does, and what another would change.

mod diff;
mod explain;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};

use crate::{
    abilitazione::{DecisionTable, PolicySource, matrix},
    config::Settings,
    contract::vocabulary::Vocabulary,
    error::Sentence,
    output::stdio::{out, outln},
};

/// Check the access policy, show what each profile may do and why, or what another policy would change.
#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Check a policy against the contract; every error is listed.
    Check(PolicySourceArgs),
    /// Print profiles × calls × filters × columns as a table.
    Matrix(PolicySourceArgs),
    Explain(explain::ExplainArgs),
    Diff(diff::PolicyDiffArgs),
}

#[derive(Debug, Args)]
struct PolicySourceArgs {
    /// Directory with policy.csv and perhaps model.conf. Without it: `access.policy_dir`, or the policy built in.
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl PolicySourceArgs {
    async fn policy_table(
        &self,
        settings: &Settings,
        vocabulary: &Vocabulary,
    ) -> Result<DecisionTable, Sentence> {
        let dir = self.dir.as_ref().or(settings.access.policy_dir.as_ref());
        policy_table(dir.map(PathBuf::as_path), vocabulary).await
    }
}

/// The table of the policy in a directory, or of the one built in.
pub(super) async fn policy_table(
    dir: Option<&Path>,
    vocabulary: &Vocabulary,
) -> Result<DecisionTable, Sentence> {
    let source = PolicySource::of_settings(dir)?;
    Ok(DecisionTable::build(&source, vocabulary).await?)
}

impl PolicyArgs {
    /// Runs it.
    ///
    /// # Errors
    /// Everything that is wrong with the policy, a line each.
    pub(super) async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        let vocabulary = Vocabulary::of_contract()?;
        match self.command {
            PolicyCommand::Check(source) => {
                let table = source.policy_table(settings, &vocabulary).await?;
                let profili: Vec<&str> = table.profili().map(|profilo| profilo.name()).collect();
                outln!(
                    "policy {}: good; profiles: {}",
                    table.version(),
                    profili.join(", ")
                );
            }
            PolicyCommand::Matrix(source) => {
                let table = source.policy_table(settings, &vocabulary).await?;
                out!("{}", matrix(&table, &vocabulary));
            }
            PolicyCommand::Explain(explain) => out!("{}", explain.run(settings, vocabulary).await?),
            PolicyCommand::Diff(diff) => out!("{}", diff.run(settings, &vocabulary).await?),
        }
        Ok(ExitCode::SUCCESS)
    }
}
