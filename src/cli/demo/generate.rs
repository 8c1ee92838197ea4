//! `omnia generate`: an invented extract, to try the service with.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use super::super::progress::Progress;
use crate::{
    demo::sample::{DISCLAIMER, MAX_RILEVAZIONE, MAX_ROWS, SampleOptions, generate_sample},
    error::Sentence,
    output::stdio::{errln, outln},
    rilevazione::LoadSources,
};

/// Write an invented extract: the same options give the same bytes.
#[derive(Debug, Args)]
pub(in crate::cli) struct Generate {
    /// Rows of the first extract of that world; each later one has some fiftieth of them more.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_ROWS))]
    righe: u64,
    /// Another seed gives another world of decrees and employers.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seme: u64,
    /// Where to write; made if it is not there.
    #[arg(long, value_name = "DIR")]
    cartella: PathBuf,
    /// Which extract of that world, the first as of the end of September 2025: each is a month after the one before, with rows added,
    /// changed and dropped.
    #[arg(long, value_name = "K", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_RILEVAZIONE)))]
    rilevazione: u32,
    /// Write over files that are there.
    #[arg(long)]
    sovrascrivi: bool,
}

impl Generate {
    /// Writes the files, and prints how to load them.
    ///
    /// # Errors
    /// A sentence: files that are there, or that cannot be written.
    pub(super) async fn run(self) -> Result<ExitCode, Sentence> {
        let opzioni = SampleOptions {
            rows: self.righe,
            seed: self.seme,
            rilevazione: self.rilevazione,
        };
        let sources = LoadSources::in_folder(&self.cartella, opzioni.data_riferimento());
        if let Some(there) = sources.files().find(|path| path.exists())
            && !self.sovrascrivi
        {
            return Err(format!(
                "{} is there already; --sovrascrivi writes over it",
                there.display()
            )
            .into());
        }
        let sources = generate(opzioni, &self.cartella).await?;
        errln!("note: {DISCLAIMER}");
        outln!("{}", load_command(&sources));
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes an extract with a progress bar.
///
/// # Errors
/// A sentence: the files cannot be written.
pub(super) async fn generate(
    opzioni: SampleOptions,
    cartella: &Path,
) -> Result<LoadSources, Sentence> {
    let progress = Progress::new(opzioni.rows);
    let folder = cartella.to_owned();
    let written = tokio::task::spawn_blocking(move || {
        generate_sample(opzioni, &folder, |rows| {
            progress.set(rows);
            progress.rows(rows);
        })
    });
    written
        .await?
        .map_err(|error| format!("cannot write into {}: {error}", cartella.display()).into())
}

fn load_command(sources: &LoadSources) -> String {
    let mut command = format!("omnia load --data-riferimento {}", sources.data_riferimento);
    let options = ["decreti", "stanziamenti", "normative", "prestazioni"];
    for (option, path) in options.iter().zip(sources.files()) {
        // For a shell, whatever the folder is called.
        let path = path.display().to_string().replace('\'', r"'\''");
        command.push_str(&format!(" --{option} '{path}'"));
    }
    command
}
