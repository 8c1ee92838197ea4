//! `omnia load withdraw`: the newest rilevazione is taken out of the way.

use std::process::ExitCode;

use clap::Args;

use crate::{
    abilitazione::grants::{MotivoAa07, Operatore},
    app,
    cli::serve::audit_key,
    clock::Clock,
    config::Settings,
    error::Sentence,
    output::stdio::outln,
    postgres,
    rilevazione::withdraw,
};

/// Withdraw the latest rilevazione, which should not have been loaded: it is never the latest again, answers by its number as
/// before and is marked in every answer. An extract of an earlier day can be loaded then.
#[derive(Debug, Args)]
pub(super) struct Withdraw {
    /// The number of the rilevazione.
    numero: i32,
    /// Who does this.
    #[arg(long, value_name = "NAME", value_parser = |text: &str| Operatore::parse(text, None))]
    operatore: Operatore,
    /// Why, in a few words.
    #[arg(long, value_name = "TEXT", value_parser = MotivoAa07::parse)]
    motivo: MotivoAa07,
}

impl Withdraw {
    pub(super) async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        let Self {
            numero,
            operatore,
            motivo,
        } = self;
        let postgres = postgres::join(&settings.database).await?;
        let owner = postgres.owner_pool();
        postgres::check_schema(postgres.owner()).await?;
        let clock = Clock::system();
        let audit = app::audit(postgres.owner(), audit_key(settings)?, clock.clone()).await?;
        let remaining = withdraw(&owner, &audit, &clock, numero, &operatore, &motivo).await;
        audit.close().await;
        postgres.stop().await?;
        let latest = match remaining? {
            Some(r) => format!(
                "the latest is rilevazione {} as of {}",
                r.numero, r.data_riferimento
            ),
            None => "there is no other".to_owned(),
        };
        outln!("rilevazione {numero} is withdrawn; {latest}");
        Ok(ExitCode::SUCCESS)
    }
}
