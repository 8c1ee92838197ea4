//! Where the bytes go: a file, by way of its unfinished self, or standard output, which cannot be taken back.

use std::{
    os::fd::AsFd as _,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::Context;
use clap::Args;
use tokio::io::AsyncWriteExt as _;

use super::{format::FormatArg, manifest::Manifest, partial_file::PartialFile};
use crate::output::stdio::{self, Stream};

#[derive(Debug, Args)]
pub(super) struct OutputFileArgs {
    /// What to write; `-` for standard output. Readable by you alone, and there only once all is checked: until then it
    /// is FILE.part, with which the same command goes on if it was interrupted.
    #[arg(long, value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) come: OutputArgs,
}

#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// Without it: by the ending of the file, .csv, .xlsx or .parquet.
    #[arg(long, value_name = "FORMAT", requires = "file")]
    formato: Option<FormatArg>,
    /// Replace the file if it is there.
    #[arg(long, requires = "file")]
    pub(super) sovrascrivi: bool,
    /// Download all of it, whatever an interrupted run has left.
    #[arg(long, requires = "file")]
    pub(super) da_capo: bool,
}

impl OutputArgs {
    /// The format to download as.
    ///
    /// # Errors
    /// Neither the options nor the name of the file say it.
    pub(super) fn format(&self, file: &Path) -> Result<FormatArg, String> {
        FormatArg::chosen(self.formato, file)
    }
}

impl OutputArgs {
    /// The same, whatever an interrupted run has left.
    pub(super) fn anew(&self) -> Self {
        Self {
            da_capo: true,
            ..*self
        }
    }
}

/// Where the bytes go.
#[derive(Debug)]
pub(super) enum DownloadOutput {
    File(PartialFile),
    Stdout(tokio::fs::File),
}

/// Whether this is standard output.
pub(super) fn stdout(file: &Path) -> bool {
    file == Path::new("-")
}

impl DownloadOutput {
    /// Opens it, and finds what is there already.
    ///
    /// # Errors
    /// See [`PartialFile::open`].
    pub(super) fn open(
        file: &Path,
        come: &OutputArgs,
        asked: &Manifest,
    ) -> Result<(Self, Option<Manifest>), String> {
        if stdout(file) {
            let stdout = stdio::stream().as_fd().try_clone_to_owned();
            let stdout = std::fs::File::from(stdout.map_err(not_written)?);
            return Ok((Self::Stdout(tokio::fs::File::from_std(stdout)), None));
        }
        let (partial, found) = PartialFile::open(file, asked, come.sovrascrivi, come.da_capo)?;
        Ok((Self::File(partial), found))
    }

    /// What is there already goes into the digest; how many bytes it is.
    ///
    /// # Errors
    /// The system's.
    pub(super) async fn rehash(&mut self, sha: &mut Context) -> Result<u64, String> {
        match self {
            Self::File(partial) => partial.rehash(sha).await,
            Self::Stdout(_) => Ok(0),
        }
    }

    /// Something is about to be written.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn begin(&mut self, manifest: &Manifest) -> Result<(), String> {
        match self {
            Self::File(partial) => partial.begin(manifest),
            Self::Stdout(_) => Ok(()),
        }
    }

    /// Appends.
    ///
    /// # Errors
    /// The system's.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        match self {
            Self::File(partial) => partial.write(bytes).await,
            Self::Stdout(stdout) => {
                Stream::note(stdout.write_all(bytes).await).map_err(not_written)?;
                // tokio's file writes behind its back, and the process does not wait for that when it ends with an error.
                Stream::note(stdout.flush().await).map_err(not_written)
            }
        }
    }

    /// All is there and was checked.
    ///
    /// # Errors
    /// The system's.
    pub(super) async fn finish(self) -> Result<(), String> {
        match self {
            Self::File(partial) => partial.finish().await,
            Self::Stdout(mut stdout) => Stream::note(stdout.flush().await).map_err(not_written),
        }
    }
}

fn not_written(error: std::io::Error) -> String {
    format!("standard output: {error}")
}
