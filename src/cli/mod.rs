//! The subcommands of `omnia`, one file each.
//!
//! Every subcommand reads the same settings (file and environment) as the service, so that an operator's `omnia
//! grant list` speaks of the database that `omnia serve` serves. Errors are one sentence on standard error, exit code 1.
//! `get`, `serve`, `derived` and `audit verify`, which scripts run unattended, have more codes than that: their help lists them.

mod audit;
#[cfg(feature = "demo")]
mod demo;
mod derived;
mod get;
mod grant;
mod interrupt;
mod load;
mod migrate;
mod openapi;
mod policy;
mod progress;
mod report_table;
mod secret_text;
mod serve;
mod stop;
mod voucher;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use tokio::runtime::Runtime;

use self::{
    audit::AuditArgs, derived::Derived, get::Get, grant::GrantArgs, interrupt::interruptible,
    load::Load, migrate::Migrate, openapi::PrintOpenApi, policy::PolicyArgs, serve::Serve,
    voucher::Voucher,
};
use crate::{
    config::Settings,
    error::Sentence,
    output::stdio::{self, errln, out},
    telemetry,
};

/// OMNIA IS Monitoraggio: the reports of INPS Messaggio 4648/2023 over gRPC.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    /// Settings file (TOML). Without it: defaults and the environment.
    #[arg(long, global = true, env = "OMNIA_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: CliCommand,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    Audit(AuditArgs),
    #[command(visible_alias = "blocks")]
    Derived(Derived),
    Serve(Serve),
    #[cfg(feature = "demo")]
    #[command(flatten)]
    Demo(demo::DemoCommand),
    Get(Get),
    Grant(GrantArgs),
    Load(Load),
    Migrate(Migrate),
    #[command(name = "openapi")]
    OpenApi(PrintOpenApi),
    Policy(PolicyArgs),
    Voucher(Voucher),
}

/// The program: on a runtime of its own, whose threads end with it.
#[must_use]
pub fn main() -> ExitCode {
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            errln!("omnia: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(outcome());
    // Not dropped: that would wait for a read of a file that never ends, and for every other call that blocks.
    runtime.shutdown_background();
    code
}

/// Reads the command line, runs its subcommand, and prints why it failed if it did.
async fn outcome() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => return tell(&usage),
    };
    match cli.run().await {
        Ok(code) => match stdio::settle() {
            Ok(()) => code,
            Err(error) => {
                errln!("omnia: {error}");
                ExitCode::from(stdio::NOT_WRITTEN)
            }
        },
        // A stream cannot go on without a reader, and there is no reader to tell.
        Err(_) if stdio::is_closed() => ExitCode::from(stdio::PIPE_CLOSED),
        Err(error) => {
            errln!("omnia: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Help, the version, or what is wrong with the command line, which may hold text from outside.
fn tell(usage: &clap::Error) -> ExitCode {
    if usage.use_stderr() {
        errln!("{}", usage.render().to_string().trim_end());
    } else {
        out!("{}", usage.render());
    }
    ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(1))
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
            Err(error) if matches!(self.command, CliCommand::Derived(_)) => {
                return Ok(derived::could_not_look(&error));
            }
            prepared => prepared?,
        };
        let result = match self.command {
            // Handles signals itself, as `demo` does: calls under way must drain.
            CliCommand::Serve(serve) => serve.run(&settings).await,
            #[cfg(feature = "demo")]
            CliCommand::Demo(demo) => demo.run(settings).await,
            CliCommand::Audit(audit) => interruptible(audit.run(&settings)).await,
            CliCommand::Get(get) => get.run(&settings).await,
            CliCommand::Grant(grant) => interruptible(grant.run(&settings)).await,
            CliCommand::Load(load) => interruptible(load.run(&settings)).await,
            CliCommand::Derived(derived) => Ok(derived.run(&settings).await),
            CliCommand::Migrate(migrate) => interruptible(migrate.run(&settings)).await,
            CliCommand::OpenApi(openapi) => openapi.run(),
            CliCommand::Policy(policy) => policy.run(&settings).await,
            CliCommand::Voucher(voucher) => interruptible(voucher.run(&settings)).await,
        };
        telemetry.shutdown().await;
        result
    }
}
