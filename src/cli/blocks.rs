//! `omnia blocks`: the stored blocks of the rows, which exports send as they are.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::{
    config::Settings,
    error::Sentence,
    postgres,
    rilevazione::blocchi::{rifai, verifica},
};

/// Check the stored blocks against the rows, or make them again.
#[derive(Debug, Args)]
pub(super) struct Blocks {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Compare every block with the rows it was made from. Exit code 1 if any differs or is missing.
    Verify,
    /// Make the blocks again, of `export.batch_rows` rows each. Exports go on meanwhile.
    Rebuild {
        /// Of these norms only.
        #[arg(long, value_name = "NORMATIVA")]
        normativa: Vec<String>,
    },
}

impl Blocks {
    /// Does it, and prints what was found or made.
    ///
    /// # Errors
    /// A sentence: no database, or a load that runs.
    pub(super) async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        let righe_per_blocco = settings.export.batch_rows;
        let postgres = postgres::join(&settings.database).await?;
        let owner = postgres.owner_pool();
        postgres::check_schema(postgres.owner()).await?;
        let outcome = match self.what {
            What::Verify => {
                let visto = |normativa: &str, dal, blocchi| {
                    println!("{normativa} from rilevazione {dal}: {blocchi} blocks");
                };
                verifica(&owner, righe_per_blocco, visto).await
            }
            What::Rebuild { normativa } => {
                rifai(&owner, &normativa, righe_per_blocco, |normativa, fatti| {
                    println!(
                        "{normativa}: {} blocks of {} rows",
                        fatti.blocchi, fatti.righe
                    );
                })
                .await
                .map(|()| Vec::new())
            }
        };
        postgres.stop().await?;
        let difetti = outcome?;
        for difetto in &difetti {
            eprintln!("{difetto}");
        }
        if difetti.is_empty() {
            Ok(ExitCode::SUCCESS)
        } else {
            Err(format!(
                "{} series of blocks are not as they should be: run `omnia blocks rebuild`",
                difetti.len()
            )
            .into())
        }
    }
}
