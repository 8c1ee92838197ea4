//! For tests: a disk that hangs. It is a pipe that is opened as a file is: the kernel holds the thread up that does so, as a dead
//! network mount would.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use super::bounded_read::{PATIENCE, Reader};

/// A disk that does not answer before it is told to.
pub(crate) struct HungDisk {
    pipe: PathBuf,
}

impl HungDisk {
    /// Behind a path in this directory.
    pub(crate) fn new(dir: &Path) -> Self {
        let pipe = dir.join("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        Self { pipe }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.pipe
    }

    /// Returns once it holds up the one thread of this reader, which another reading may have at the moment.
    pub(crate) async fn hold_up(&self, reader: &Reader) {
        loop {
            let (pipe, begun) = (self.pipe.clone(), Instant::now());
            reader.run(move || fs::read(pipe)).await.unwrap_err();
            if begun.elapsed() >= PATIENCE {
                return;
            }
        }
    }

    /// It answers.
    pub(crate) fn answer(&self) {
        fs::write(&self.pipe, "").unwrap();
    }
}
