//! `omnia policy diff`: what a proposed policy would change.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use clap::Args;

use crate::{
    abilitazione::{DecisionTable, PolicySource, differences},
    config::Settings,
    contract::vocabulary::Vocabulary,
    error::Sentence,
    valori::without_bom,
};

/// Show what each profile would gain (+) and lose (-) by a proposed policy. Nothing gets in force.
#[derive(Debug, Args)]
pub(super) struct PolicyDiffArgs {
    /// The proposed policy: a policy.csv, or a directory with it and perhaps model.conf.
    #[arg(value_name = "PROPOSED")]
    proposed: PathBuf,
    /// Directory of the policy that it would replace. Without it: `access.policy_dir`, or the policy built in.
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
}

impl PolicyDiffArgs {
    /// The difference as a text.
    ///
    /// # Errors
    /// Everything that is wrong with either policy, a line each.
    pub(super) async fn run(
        self,
        settings: &Settings,
        vocabulary: &Vocabulary,
    ) -> Result<String, Sentence> {
        let dir = self.from.as_ref().or(settings.access.policy_dir.as_ref());
        let present = PolicySource::of_settings(dir.map(PathBuf::as_path))?;
        let proposed = read(&self.proposed, &present)?;
        let present = DecisionTable::build(&present, vocabulary).await?;
        let proposed = DecisionTable::build(&proposed, vocabulary).await?;
        let mut text = format!(
            "--- policy {}\n+++ policy {}\n",
            present.version(),
            proposed.version()
        );
        let differences = differences(&present, &proposed);
        for difference in &differences {
            // Writing to a String does not fail.
            let _ = writeln!(text, "{difference}");
        }
        if differences.is_empty() {
            text.push_str("no profile gains or loses anything\n");
        }
        Ok(text)
    }
}

/// A single file goes with the model of the policy that it would replace, as in the service.
fn read(proposed: &Path, present: &PolicySource) -> Result<PolicySource, Sentence> {
    if proposed.is_dir() {
        return Ok(PolicySource::from_dir(proposed)?);
    }
    Ok(PolicySource {
        model: present.model.clone(),
        policy: without_bom(
            &std::fs::read_to_string(proposed)
                .map_err(|error| format!("{}: {error}", proposed.display()))?,
        )
        .to_owned(),
    })
}
