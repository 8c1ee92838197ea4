//! Where the bytes go: a file, by way of its unfinished self, or standard output, which cannot be taken back.

use std::{
    os::fd::AsFd as _,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::Context;
use clap::Args;
use tokio::io::AsyncWriteExt as _;

use super::{formato::Formato, parziale::Parziale, scheda::Scheda};
use crate::output::stdio::{self, Stream};

#[derive(Debug, Args)]
pub(super) struct OpzioniFile {
    /// What to write; `-` for standard output. Readable by you alone, and there only once all is checked: until then it
    /// is FILE.part, with which the same command goes on if it was interrupted.
    #[arg(long, value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) come: Come,
}

#[derive(Debug, Args)]
pub(super) struct Come {
    /// Without it: by the ending of the file, .csv, .xlsx or .parquet.
    #[arg(long, value_name = "FORMAT", requires = "file")]
    formato: Option<Formato>,
    /// Replace the file if it is there.
    #[arg(long, requires = "file")]
    pub(super) sovrascrivi: bool,
    /// Download all of it, whatever an interrupted run has left.
    #[arg(long, requires = "file")]
    pub(super) da_capo: bool,
}

impl Come {
    /// The format to download as.
    ///
    /// # Errors
    /// Neither the options nor the name of the file say it.
    pub(super) fn formato(&self, file: &Path) -> Result<Formato, String> {
        Formato::scelto(self.formato, file)
    }
}

/// Where the bytes go.
#[derive(Debug)]
pub(super) enum Uscita {
    File(Parziale),
    Stdout(tokio::fs::File),
}

/// Whether this is standard output.
pub(super) fn stdout(file: &Path) -> bool {
    file == Path::new("-")
}

impl Uscita {
    /// Opens it, and finds what is there already.
    ///
    /// # Errors
    /// See [`Parziale::apri`].
    pub(super) fn apri(
        file: &Path,
        come: &Come,
        chiesta: &Scheda,
    ) -> Result<(Self, Option<Scheda>), String> {
        if stdout(file) {
            let stdout = stdio::stream().as_fd().try_clone_to_owned();
            let stdout = std::fs::File::from(stdout.map_err(non_scritto)?);
            return Ok((Self::Stdout(tokio::fs::File::from_std(stdout)), None));
        }
        let (parziale, trovata) = Parziale::apri(file, chiesta, come.sovrascrivi, come.da_capo)?;
        Ok((Self::File(parziale), trovata))
    }

    /// What is there already goes into the digest; how many bytes it is.
    ///
    /// # Errors
    /// The system's.
    pub(super) async fn rileggi(&mut self, sha: &mut Context) -> Result<u64, String> {
        match self {
            Self::File(parziale) => parziale.rileggi(sha).await,
            Self::Stdout(_) => Ok(0),
        }
    }

    /// Something is about to be written.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn comincia(&mut self, scheda: &Scheda) -> Result<(), String> {
        match self {
            Self::File(parziale) => parziale.comincia(scheda),
            Self::Stdout(_) => Ok(()),
        }
    }

    /// Appends.
    ///
    /// # Errors
    /// The system's.
    pub(super) async fn scrivi(&mut self, bytes: &[u8]) -> Result<(), String> {
        match self {
            Self::File(parziale) => parziale.scrivi(bytes).await,
            Self::Stdout(stdout) => {
                Stream::note(stdout.write_all(bytes).await).map_err(non_scritto)?;
                // tokio's file writes behind its back, and the process does not wait for that when it ends with an error.
                Stream::note(stdout.flush().await).map_err(non_scritto)
            }
        }
    }

    /// All is there and was checked.
    ///
    /// # Errors
    /// The system's.
    pub(super) async fn concludi(self) -> Result<(), String> {
        match self {
            Self::File(parziale) => parziale.concludi().await,
            Self::Stdout(mut stdout) => Stream::note(stdout.flush().await).map_err(non_scritto),
        }
    }
}

fn non_scritto(error: std::io::Error) -> String {
    format!("standard output: {error}")
}
