//! `omnia migrate`: brings the schema of the database up to date.

use std::process::ExitCode;

use clap::Args;

use crate::{config::Settings, error::Sentence, output::stdio::outln, postgres};

/// Bring the schema of the database up to date.
#[derive(Debug, Args)]
pub(super) struct Migrate {}

impl Migrate {
    /// Runs the migrations that are pending.
    ///
    /// # Errors
    /// A sentence: no database, or a migration that failed.
    pub(super) async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        let postgres = postgres::join(&settings.database).await?;
        let migrated = postgres::migrate(postgres.owner()).await;
        // Whatever happened, a private cluster must not be left behind.
        let schema = postgres.owner().schema().clone();
        let stopped = postgres.stop().await;
        let ran = migrated?;
        stopped?;
        for migration in &ran {
            outln!("{migration}");
        }
        outln!(
            "{} migrations run in the schema {schema}; it is current",
            ran.len()
        );
        Ok(ExitCode::SUCCESS)
    }
}
