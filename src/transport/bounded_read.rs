//! Reads a file that somebody else may replace: nothing but a file, never more than a bound, never for longer than a moment.
//!
//! ```text
//! reload loop, call ─► Reader::run ─► a thread of its own ─► open, not blocking ─► fstat: regular? ─► read, up to the limit
//!        ▲                                   │
//!        └─ the bytes, or an error within PATIENCE: the thread of a disk that does not answer is left to itself
//! ```
//!
//! What an operator's path leads to may be a named pipe (which waits for a writer), a device, a directory, a disk image, or a
//! network mount that hangs. No open, read or stat that the kernel holds up can be given up by the thread that made it. So
//! each [`Reader`] has one thread at most: while that one hangs, further readings fail at once and start no other.
//! The threads belong to no runtime, so none of them keeps the process from ending.

use std::{
    fs::{FileType, OpenOptions},
    io::{self, ErrorKind, Read as _},
    os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use nix::libc::{O_NOCTTY, O_NONBLOCK};
use tokio::{sync::oneshot, time::timeout};

/// How long a reading may take. The files are small; a disk that is slower than this counts as one that does not answer.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// What a file held when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// All of it.
    pub bytes: Vec<u8>,
    /// Its permissions, of what was opened and not of what the path leads to a moment later.
    pub mode: u32,
}

/// Reads a regular file of at most `limit` bytes. A file system that hangs holds it up: see [`Reader`].
///
/// # Errors
/// The system's; the path leads to no regular file, or to one that is longer.
pub fn regular_file(path: &Path, limit: u64) -> io::Result<Contents> {
    // Opening a device may do something already. What is put there after this look is caught by the next one.
    must_be_regular(std::fs::metadata(path)?.file_type())?;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(O_NONBLOCK | O_NOCTTY)
        .open(path)?;
    let metadata = opened.metadata()?;
    must_be_regular(metadata.file_type())?;
    let mut bytes = Vec::new();
    if metadata.len() <= limit {
        opened.take(limit + 1).read_to_end(&mut bytes)?;
    }
    if metadata.len() > limit || bytes.len() as u64 > limit {
        return Err(io::Error::new(
            ErrorKind::FileTooLarge,
            format!("is longer than {limit} bytes, which is too long to be what it should be"),
        ));
    }
    Ok(Contents {
        bytes,
        mode: metadata.mode(),
    })
}

fn must_be_regular(kind: FileType) -> io::Result<()> {
    let other = if kind.is_file() {
        return Ok(());
    } else if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    Err(io::Error::new(
        ErrorKind::InvalidInput,
        format!("is {other} and not a regular file"),
    ))
}

/// Does one thing with a disk at a time, and waits no longer than [`PATIENCE`] for it. Cheap to clone: clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Reader(Arc<AtomicBool>);

impl Reader {
    /// Does `work`, which may hang.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`]: it is not done in time, or what was asked for earlier is still not done. The system's: there
    /// can be no further thread.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        let (done, outcome) = oneshot::channel();
        self.start(work, move |outcome| drop(done.send(outcome)))?;
        timeout(PATIENCE, outcome)
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or_else(no_answer)
    }

    /// As [`Reader::run`], where there is nothing else that this thread could do meanwhile: before the service serves.
    ///
    /// # Errors
    /// As [`Reader::run`].
    pub fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        let (done, outcome) = mpsc::sync_channel(1);
        self.start(work, move |outcome| drop(done.send(outcome)))?;
        outcome.recv_timeout(PATIENCE).map_err(|_| no_answer())
    }

    fn start<T>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
        deliver: impl FnOnce(T) + Send + 'static,
    ) -> io::Result<()> {
        if self.0.swap(true, Ordering::AcqRel) {
            return Err(no_answer());
        }
        let place = ReaderPlace(Arc::clone(&self.0));
        thread::Builder::new()
            .name("reader".to_owned())
            .spawn(move || {
                let outcome = catch_unwind(AssertUnwindSafe(work));
                // Freed before the outcome is told, so that the one who is told may ask again.
                drop(place);
                // A panic is told by its hook, and to the one who waits by silence.
                if let Ok(outcome) = outcome {
                    deliver(outcome);
                }
            })
            .map(drop)
    }
}

/// The one thread of a reader. Dropped when its work is over, or when it could not begin.
struct ReaderPlace(Arc<AtomicBool>);

impl Drop for ReaderPlace {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// The same words for as long as it lasts: readings that fail alike are told once.
fn no_answer() -> io::Error {
    io::Error::new(
        ErrorKind::TimedOut,
        format!(
            "cannot be read: its disk does not answer within {} seconds",
            PATIENCE.as_secs()
        ),
    )
}

#[cfg(test)]
mod tests;
