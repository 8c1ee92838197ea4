//! `omnia token`: a token of the demo, for grpcurl.

use std::process::ExitCode;

use clap::Args;

use crate::{
    abilitazione::authn::{Jwks, KeyLocation},
    clock::Clock,
    config::Settings,
    demo::demo_key::{DemoKey, jwks_path},
    error::Sentence,
    output::stdio::outln,
    postgres,
};

/// Print a token signed with the demo key, where the service runs with that key.
#[derive(Debug, Args)]
pub(in crate::cli) struct TokenArgs {
    /// The subject of the token: what `omnia grant record --soggetto` was given.
    #[arg(long)]
    soggetto: String,
    /// Hours that it is valid for, at most 30 days.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=720))]
    ore: u32,
}

impl TokenArgs {
    /// Runs it.
    ///
    /// # Errors
    /// There is no demo key, or the service does not trust it.
    pub(super) fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        let dir = postgres::data_dir(&settings.database)?.join("demo");
        let key = DemoKey::load(&dir)
            .map_err(|error| format!("{error}; `omnia demo` makes the demo key"))?;
        // Without a set of its own, the service is the demo's.
        let path = match &settings.access.jwks {
            None => jwks_path(&dir),
            Some(KeyLocation::File(path)) => path.clone(),
            Some(KeyLocation::Url(url)) => {
                return Err(format!(
                    "the service does not trust the demo key: its keys are those of {url}. Tokens come from the \
                     identity provider that signs with them"
                )
                .into());
            }
        };
        let jwks =
            Jwks::from_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        if !key.is_trusted_by(&jwks) {
            return Err(format!(
                "the service does not trust the demo key: it is not in {}. Tokens come from the identity provider \
                 that signs with the keys there",
                path.display()
            )
            .into());
        }
        let access = &settings.access;
        outln!(
            "{}",
            key.token(
                &access.issuer,
                &access.audience,
                &self.soggetto,
                self.ore,
                &Clock::system()
            )?
        );
        Ok(ExitCode::SUCCESS)
    }
}
