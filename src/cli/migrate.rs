//! `omnia migrate`: brings the schema of the database up to date.

use std::process::ExitCode;

use clap::Args;

use crate::{config::Settings, error::Sentence, postgres};

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
        let applied = postgres::migrate(&postgres.owner_pool()).await?;
        postgres.stop().await?;
        println!("{applied} migrations run; the schema is current");
        Ok(ExitCode::SUCCESS)
    }
}
