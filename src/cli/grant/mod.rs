//! `omnia grant`: the life cycle of AA07 grants, for an operator on the machine.

mod actor;
mod record;
mod show;

use std::{fmt::Write as _, process::ExitCode};

use clap::{Args, Subcommand};

use self::{actor::ActorArgs, record::RecordGrantArgs};
use super::policy;
use crate::{
    abilitazione::grants::{self, Azione, EffectiveStato, Ente, FiltroAbilitazioni, StatoAa07},
    clock::Clock,
    config::Settings,
    contract::vocabulary::Vocabulary,
    error::{Error, Sentence},
    output::stdio::outln,
    postgres::{self, Postgres},
    valori::ValueDefect,
};

/// Record, approve, suspend, revoke and list AA07 grants.
#[derive(Debug, Args)]
pub(super) struct GrantArgs {
    #[command(subcommand)]
    command: GrantCommand,
}

#[derive(Debug, Subcommand)]
enum GrantCommand {
    /// Record a request. It gives nothing until it is verified and approved.
    Record(Box<RecordGrantArgs>),
    /// Say that the form was checked against the PEC message.
    Verify(GrantStepArgs),
    /// Approve a verified request, as another person than the one who recorded it. What it replaces is revoked.
    Approve(GrantStepArgs),
    /// Suspend a grant: it gives nothing until it is resumed.
    Suspend(GrantStepArgs),
    /// End a suspension.
    Resume(GrantStepArgs),
    /// Revoke a grant, or refuse a request.
    Revoke(GrantStepArgs),
    /// List grants, in every state.
    List(GrantFilterArgs),
    /// List the grants that stand and whose last day is near, by last day: for their recertification.
    Expiring {
        /// Within how many days.
        #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3660))]
        giorni: u32,
    },
    /// Show a grant and every step that it took.
    Show {
        /// Its number, as listed.
        id: i64,
    },
}

/// Which grants to list; what is not given does not matter.
#[derive(Debug, Args)]
struct GrantFilterArgs {
    /// The subject, exactly.
    #[arg(long)]
    soggetto: Option<String>,
    /// MLPS, MEF or INPS.
    #[arg(long)]
    ente: Option<Ente>,
    /// The profile, exactly.
    #[arg(long)]
    profilo: Option<String>,
    /// What it amounts to today: RICHIESTA, VERIFICATA, FUTURA, ATTIVA, SOSPESA, SCADUTA, REVOCATA or RIFIUTATA.
    #[arg(long)]
    stato: Option<EffectiveStato>,
}

#[derive(Debug, Args)]
struct GrantStepArgs {
    /// Its number, as listed.
    id: i64,
    #[command(flatten)]
    chi: ActorArgs,
}

impl GrantArgs {
    /// Runs it.
    ///
    /// # Errors
    /// No database, or the life cycle refuses.
    pub(super) async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        let postgres = postgres::join(&settings.database).await?;
        let done = self.command.run(settings, &postgres).await;
        postgres.stop().await?;
        outln!("{}", done?);
        Ok(ExitCode::SUCCESS)
    }
}

impl GrantCommand {
    async fn run(self, settings: &Settings, postgres: &Postgres) -> Result<String, Sentence> {
        let pool = postgres.owner_pool();
        postgres::check_schema(postgres.owner()).await?;
        let clock = Clock::system();
        let step = async |azione, passo: GrantStepArgs| -> Result<String, Sentence> {
            let operatore = passo.chi.operatore()?;
            let stato: StatoAa07 = grants::advance(
                &pool,
                &clock,
                passo.id,
                azione,
                &operatore,
                &passo.chi.motivo,
            )
            .await
            .map_err(sentence)?;
            Ok(format!("grant {} is {stato}", passo.id))
        };
        match self {
            Self::Record(record) => {
                let vocabulary = Vocabulary::of_contract()?;
                let dir = settings.access.policy_dir.as_deref();
                let table = policy::policy_table(dir, &vocabulary).await?;
                let operatore = record.chi.operatore()?;
                let motivo = record.chi.motivo.clone();
                let richiesta = record.richiesta()?;
                let id =
                    grants::record_request(&pool, &clock, &table, &richiesta, &operatore, &motivo)
                        .await
                        .map_err(sentence)?;
                Ok(format!("grant {id} recorded"))
            }
            Self::Verify(passo) => step(Azione::Verifica, passo).await,
            Self::Approve(passo) => step(Azione::Approvazione, passo).await,
            Self::Suspend(passo) => step(Azione::Sospensione, passo).await,
            Self::Resume(passo) => step(Azione::Riattivazione, passo).await,
            Self::Revoke(passo) => step(Azione::Revoca, passo).await,
            Self::List(filtri) => {
                let filtro = FiltroAbilitazioni {
                    soggetto: filtri.soggetto,
                    ente: filtri.ente,
                    profilo: filtri.profilo,
                    stato: filtri.stato,
                };
                let oggi = clock.today();
                let grant_records = grants::list_page(&pool, &filtro, oggi, 0, i64::MAX).await;
                Ok(show::table(&grant_records.map_err(sentence)?, oggi))
            }
            Self::Expiring { giorni } => {
                let oggi = clock.today();
                let grant_records =
                    grants::list_expiring(&pool, oggi, giorni, None, i64::MAX).await;
                Ok(show::table(&grant_records.map_err(sentence)?, oggi))
            }
            Self::Show { id } => {
                let grant_record = grants::record_by_id(&pool, id).await.map_err(sentence)?;
                let eventi = grants::eventi(&pool, id).await.map_err(sentence)?;
                Ok(show::one(&grant_record, &eventi, clock.today()))
            }
        }
    }
}

/// What a caller over gRPC learns from details, and what only the log has: an operator on the machine reads it here.
fn sentence(error: Error) -> Sentence {
    let mut text = error.message.into_owned();
    // Writing to a String cannot fail.
    for violation in error.violations {
        let ValueDefect { english, .. } = violation.defect;
        let _ = write!(text, "\n  {} {english}", violation.field);
    }
    if let Some((_, valori)) = error.metadata.iter().find(|(key, _)| *key == "valori") {
        let _ = write!(text, "\n  not in the catalogue: {valori}");
    }
    if let Some(source) = error.source {
        let _ = write!(text, ": {source}");
    }
    text.into()
}
