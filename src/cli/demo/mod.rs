//! What production is built without (feature `demo`): the demo, invented extracts, and tokens that the program signs itself.

mod generate;
mod loading;
mod serving;
mod token;

use std::{path::Path, process::ExitCode};

use clap::Subcommand;

use self::{generate::Generate, serving::Demo, token::TokenArgs};
use super::interrupt::interruptible;
use crate::{
    abilitazione::{AccessSettings, authn::KeyLocation},
    config::Settings,
    demo::demo_key::jwks_path,
    error::Sentence,
    postgres,
};

#[derive(Debug, Subcommand)]
pub(super) enum DemoCommand {
    Demo(Demo),
    Generate(Generate),
    // Listed where its name belongs, after `policy`.
    #[command(display_order = 10)]
    Token(TokenArgs),
}

impl DemoCommand {
    pub(super) async fn run(self, settings: Settings) -> Result<ExitCode, Sentence> {
        match self {
            // Handles signals itself: calls under way must drain.
            Self::Demo(demo) => demo.run(settings).await,
            Self::Generate(generate) => interruptible(generate.run()).await,
            Self::Token(token) => token.run(&settings),
        }
    }
}

/// Where no issuer is set, the service is the demo's, if there is one.
pub(super) fn with_demo_keys(settings: &Settings) -> Result<AccessSettings, Sentence> {
    let mut access = settings.access.clone();
    if access.jwks.is_none() && access.issuers.is_empty() {
        let path = jwks_path(&postgres::data_dir(&settings.database)?.join("demo"));
        access.jwks = Path::exists(&path).then_some(KeyLocation::File(path));
    }
    Ok(access)
}
