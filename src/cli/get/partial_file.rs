//! A file on its way: `F.part` and, beside it, what it is of; `F` only once all is checked.
//!
//! ```text
//! first part ─► F.part.json, F.part (0600, locked) ─► pieces are appended ─► checked, synced ─► F
//!     └ killed at any moment: the same command finds both, reads F.part again, and goes on behind it
//! ```

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::Context;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

use super::manifest::Manifest;
use crate::output::file;

const BUFFER: usize = 1024 * 1024;

/// A file that is not finished. Its lock goes with it.
#[derive(Debug)]
pub(super) struct PartialFile {
    final_path: PathBuf,
    parte: PathBuf,
    manifest: PathBuf,
    sovrascrivi: bool,
    open_stream: Option<tokio::fs::File>,
}

/// Beside a file.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(ending);
    name.into()
}

/// Where the unfinished file of `file` is.
pub(super) fn part_path(file: &Path) -> PathBuf {
    beside(file, ".part")
}

impl PartialFile {
    /// Looks for what an earlier run has left of the same download: its manifest, if there is something to go on with.
    /// Writes nothing yet.
    ///
    /// # Errors
    /// `file` is there already, or what is beside it is of something else; the system's.
    pub(super) fn open(
        file: &Path,
        asked: &Manifest,
        sovrascrivi: bool,
        da_capo: bool,
    ) -> Result<(Self, Option<Manifest>), String> {
        let mut partial = Self {
            final_path: file.to_owned(),
            parte: part_path(file),
            manifest: beside(file, ".part.json"),
            sovrascrivi,
            open_stream: None,
        };
        partial.check_free()?;
        let parte = &partial.parte;
        let failed = |error: io::Error| format!("{}: {error}", parte.display());
        let opened = match OpenOptions::new().read(true).append(true).open(parte) {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((partial, None)),
            Err(error) => return Err(failed(error)),
        };
        let metadata = opened.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(format!("{}: is not a file", parte.display()));
        }
        lock(&opened, parte)?;
        if da_capo || metadata.len() == 0 {
            fs::remove_file(parte).map_err(failed)?;
            return Ok((partial, None));
        }
        let otherwise = "--da-capo downloads all of it anew";
        let Some(manifest) = Manifest::read(&partial.manifest)? else {
            return Err(format!(
                "{} is there without {}, which says what it is of; {otherwise}",
                parte.display(),
                partial.manifest.display()
            ));
        };
        if let Some(difference) = manifest.difference(asked) {
            return Err(format!(
                "{} is the beginning of another download: {difference}; {otherwise}",
                parte.display()
            ));
        }
        partial.open_stream = Some(tokio::fs::File::from_std(opened));
        Ok((partial, Some(manifest)))
    }

    /// Whether the finished file may be put in its place.
    fn check_free(&self) -> Result<(), String> {
        let shown = self.final_path.display();
        if self.final_path.file_name().is_none() || self.final_path.is_dir() {
            return Err(format!("{shown}: is a directory"));
        }
        // A link that leads nowhere is something too.
        if !self.sovrascrivi && fs::symlink_metadata(&self.final_path).is_ok() {
            return Err(format!(
                "{shown} is there already; --sovrascrivi replaces it"
            ));
        }
        Ok(())
    }

    /// What is there already goes into the digest; how many bytes it is.
    ///
    /// # Errors
    /// The system's.
    pub(super) async fn rehash(&mut self, sha: &mut Context) -> Result<u64, String> {
        let Some(file) = &mut self.open_stream else {
            return Ok(0);
        };
        let failed = |error: io::Error| format!("{}: {error}", self.parte.display());
        file.rewind().await.map_err(failed)?;
        let mut buffer = vec![0; BUFFER];
        let mut total = 0;
        loop {
            let read = file.read(&mut buffer).await.map_err(failed)?;
            if read == 0 {
                return Ok(total);
            }
            sha.update(buffer.get(..read).unwrap_or_default());
            total += read as u64;
        }
    }

    /// Makes the files, unless an earlier run has.
    ///
    /// # Errors
    /// The system's; another program is about to write the same file.
    pub(super) fn begin(&mut self, manifest: &Manifest) -> Result<(), String> {
        if self.open_stream.is_some() {
            return Ok(());
        }
        let failed = |path: &Path, error: io::Error| format!("{}: {error}", path.display());
        let file = file::private()
            .read(true)
            .append(true)
            .create_new(true)
            .open(&self.parte)
            .map_err(|error| failed(&self.parte, error))?;
        lock(&file, &self.parte)?;
        manifest
            .write(&self.manifest)
            .map_err(|error| failed(&self.manifest, error))?;
        self.open_stream = Some(tokio::fs::File::from_std(file));
        Ok(())
    }

    /// Appends.
    ///
    /// # Errors
    /// The system's: the disk is full, say. What was written stays.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        let written = match &mut self.open_stream {
            Some(file) => {
                let written = file.write_all(bytes).await;
                // A write that is still on its way could not be told to the operator as bytes that are here.
                written.and(file.flush().await)
            }
            None => Err(io::Error::other("nothing was begun")),
        };
        written.map_err(|error| format!("{}: {error}", self.parte.display()))
    }

    /// All was checked: the file gets its name, once it is on the disk.
    ///
    /// # Errors
    /// The system's; a file of that name has come up meanwhile.
    pub(super) async fn finish(mut self) -> Result<(), String> {
        let failed = |error: io::Error| format!("{}: {error}", self.parte.display());
        let mut file = self
            .open_stream
            .take()
            .ok_or_else(|| failed(io::Error::other("nothing was begun")))?;
        file.flush().await.map_err(failed)?;
        file.sync_all().await.map_err(failed)?;
        self.check_free()?;
        fs::rename(&self.parte, &self.final_path)
            .map_err(|error| format!("{}: {error}", self.final_path.display()))?;
        // Without its file it says nothing to the next run: that it stays is no failure.
        let _ = fs::remove_file(&self.manifest);
        let dir = self.final_path.parent().filter(|dir| *dir != Path::new(""));
        File::open(dir.unwrap_or(Path::new(".")))
            .and_then(|dir| dir.sync_all())
            .map_err(|error| format!("{}: {error}", self.final_path.display()))
    }
}

fn lock(file: &File, path: &Path) -> Result<(), String> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => {
            format!("{}: another omnia get is at work on it", path.display())
        }
        TryLockError::Error(error) => format!("{}: {error}", path.display()),
    })
}
