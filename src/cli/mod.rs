//! The subcommands of `omnia`, one file each.
//!
//! Every subcommand reads the same settings (file and environment) as the service, so that an operator's `omnia
//! grant list` speaks of the database that `omnia serve` serves. Errors are one sentence on standard error, exit code 1;
//! only `omnia get`, which scripts run unattended, has more codes than that.

mod audit;
mod demo;
mod derived;
mod generate;
mod get;
mod grant;
mod interrupt;
mod load;
mod migrate;
mod policy;
mod progress;
mod report_table;
mod serve;
mod stop;
mod testo;
mod token;
mod voucher;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use self::{
    audit::Audit, demo::Demo, derived::Derived, generate::Generate, get::Get, grant::Grant,
    interrupt::interruptible, load::Load, migrate::Migrate, policy::Policy, serve::Serve,
    token::Token, voucher::Voucher,
};
use crate::{config::Settings, error::Sentence, telemetry};

/// OMNIA IS Monitoraggio: the reports of INPS Messaggio 4648/2023 over gRPC.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    /// Settings file (TOML). Without it: defaults and the environment.
    #[arg(long, global = true, env = "OMNIA_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Audit(Audit),
    #[command(visible_alias = "blocks")]
    Derived(Derived),
    Serve(Serve),
    Demo(Demo),
    Generate(Generate),
    Get(Get),
    Grant(Grant),
    Load(Load),
    Migrate(Migrate),
    Policy(Policy),
    Token(Token),
    Voucher(Voucher),
}

impl Cli {
    /// Runs the subcommand.
    ///
    /// # Errors
    /// Whatever stopped it, as a sentence for the operator.
    pub async fn run(self) -> Result<ExitCode, Sentence> {
        let prepare = || {
            let settings = Settings::read(self.config.as_deref())?;
            let telemetry = telemetry::init(&settings.telemetry)?;
            Ok::<_, Sentence>((settings, telemetry))
        };
        let (settings, telemetry) = match prepare() {
            // Its exit codes tell what is wrong from what could not be looked at, whatever the reason.
            Err(error) if matches!(self.command, Command::Derived(_)) => {
                return Ok(derived::could_not_look(&error));
            }
            prepared => prepared?,
        };
        let result = match self.command {
            // These two handle signals themselves: calls under way must drain.
            Command::Serve(serve) => serve.run(&settings).await,
            Command::Demo(demo) => demo.run(settings).await,
            Command::Audit(audit) => interruptible(audit.run(&settings)).await,
            Command::Generate(generate) => interruptible(generate.run()).await,
            Command::Get(get) => get.run(&settings).await,
            Command::Grant(grant) => interruptible(grant.run(&settings)).await,
            Command::Load(load) => interruptible(load.run(&settings)).await,
            Command::Derived(derived) => Ok(derived.run(&settings).await),
            Command::Migrate(migrate) => interruptible(migrate.run(&settings)).await,
            Command::Policy(policy) => policy.run(&settings).await,
            Command::Token(token) => token.run(&settings),
            Command::Voucher(voucher) => interruptible(voucher.run(&settings)).await,
        };
        telemetry.shutdown().await;
        result
    }
}
