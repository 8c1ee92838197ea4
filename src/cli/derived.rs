//! `omnia derived`: what a load makes of the rows besides the rows, so that calls need not read them.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::interrupt::interruptible;
use crate::{
    app::derivations,
    config::Settings,
    error::Sentence,
    output::stdio::{errln, outln},
    postgres,
    rilevazione::derived::{DerivedDefect, MadeCounts, rebuild, verify},
};

/// sysexits' EX_TEMPFAIL: nothing is said about the data.
const COULD_NOT_LOOK: u8 = 75;

/// Check what a load derived of the rows (blocks, record batches, sums by day, control totals) against them, or make it again.
///
/// Exit codes: 0 all is as it should be; 1 something is not; 75 that could not be looked at now (a load runs, there is no database,
/// interrupted): again later.
#[derive(Debug, Args)]
pub(super) struct Derived {
    #[command(subcommand)]
    what: DerivedCommand,
}

#[derive(Debug, Subcommand)]
enum DerivedCommand {
    /// Make everything again from the rows, and compare; nothing of it is kept.
    Verify,
    /// Make everything again, blocks of `export.batch_rows` rows each. Exports go on meanwhile.
    Rebuild {
        /// Of these norms only.
        #[arg(long, value_name = "NORMATIVA")]
        normativa: Vec<String>,
        /// Rows that are no longer those of their load are right as they are: note what they add up to now.
        #[arg(long, conflicts_with = "normativa")]
        accept_rows: bool,
    },
}

/// Says why, and gives the exit code.
pub(super) fn could_not_look(error: &Sentence) -> ExitCode {
    errln!("omnia: {error}");
    ExitCode::from(COULD_NOT_LOOK)
}

impl Derived {
    /// Does it, and prints what was found or made.
    pub(super) async fn run(self, settings: &Settings) -> ExitCode {
        let done = interruptible(self.what.run(settings)).await;
        done.unwrap_or_else(|error| could_not_look(&error))
    }
}

impl DerivedCommand {
    async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        let derivations = derivations(settings.export.batch_rows);
        let postgres = postgres::join(&settings.database).await?;
        let owner = postgres.owner_pool();
        postgres::check_schema(postgres.owner()).await?;
        let (outcome, what_to_do) = match self {
            Self::Verify => {
                let seen = |normativa: &str, dal, blocks| {
                    outln!("{normativa} from rilevazione {dal}: {blocks} blocks");
                };
                let found = verify(&owner, &derivations, seen).await;
                (found, "run `omnia derived rebuild`")
            }
            Self::Rebuild {
                normativa,
                accept_rows,
            } => {
                let done = |normativa: &str, made: MadeCounts| {
                    outln!("{normativa}: {} blocks of {} rows", made.blocks, made.rows);
                };
                let left = rebuild(&owner, &derivations, &normativa, accept_rows, done).await;
                let what_to_do = "restore the rows, or take them as they are with `omnia derived rebuild --accept-rows`";
                (left, what_to_do)
            }
        };
        postgres.stop().await?;
        Ok(tell(&outcome?, what_to_do))
    }
}

fn tell(defects: &[DerivedDefect], what_to_do: &str) -> ExitCode {
    for defect in defects {
        errln!("{defect}");
    }
    if defects.is_empty() {
        return ExitCode::SUCCESS;
    }
    let n = defects.len();
    errln!("omnia: {n} things are not as they should be: {what_to_do}");
    ExitCode::FAILURE
}
