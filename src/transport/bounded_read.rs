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
mod tests {
    use std::{fs, time::Instant};

    use super::*;
    use crate::transport::hung_disk::HungDisk;

    #[test]
    fn only_a_regular_file_of_bounded_length() {
        let dir = tempfile::tempdir().unwrap();
        let disk = HungDisk::new(dir.path());
        let file = dir.path().join("file");
        fs::write(&file, "12345").unwrap();
        assert_eq!(regular_file(&file, 5).unwrap().bytes, b"12345");
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(regular_file(&link, 5).unwrap().bytes, b"12345");
        let socket = dir.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let huge = dir.path().join("huge");
        fs::write(&huge, "").unwrap();
        let writable = fs::OpenOptions::new().write(true).open(&huge);
        writable.unwrap().set_len(3 << 30).unwrap();
        let begun = Instant::now();
        for (path, why) in [
            (&*file, "is longer than 4 bytes"),
            (&huge, "is longer than 4 bytes"),
            (disk.path(), "is a named pipe"),
            (dir.path(), "is a directory"),
            (&socket, "is a socket"),
            (Path::new("/dev/zero"), "is a device"),
            // Of no length, by what is said of it.
            (Path::new("/proc/self/status"), "is longer than 4 bytes"),
        ] {
            let error = regular_file(path, 4).unwrap_err().to_string();
            assert!(error.contains(why), "{}: {error}", path.display());
        }
        assert!(begun.elapsed() < PATIENCE);
    }

    #[test]
    fn what_hangs_holds_up_one_thread_and_nobody_else() {
        let dir = tempfile::tempdir().unwrap();
        let disk = HungDisk::new(dir.path());
        let reader = Reader::default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let begun = Instant::now();
        let first = runtime.block_on(reader.run({
            let pipe = disk.path().to_owned();
            move || fs::read(pipe)
        }));
        assert_eq!(first.unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(begun.elapsed() >= PATIENCE);
        // Others do not wait for it, start no thread, and hear the same.
        let begun = Instant::now();
        for _ in 0..1000 {
            let again = runtime.block_on(reader.run(|| unreachable!("a second thread")));
            let again: io::Result<()> = again;
            assert_eq!(again.unwrap_err().kind(), ErrorKind::TimedOut);
        }
        // Nor does the end of the runtime.
        drop(runtime);
        assert!(begun.elapsed() < PATIENCE);
        // It answers again.
        disk.answer();
        while reader.0.load(Ordering::Acquire) {
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(reader.run_blocking(|| 7).unwrap(), 7);
    }

    #[tokio::test]
    async fn one_after_the_other_and_after_a_panic() {
        let reader = Reader::default();
        for n in 0..200 {
            assert_eq!(reader.run(move || n).await.unwrap(), n);
        }
        let panicked: io::Result<()> = reader.run(|| panic!("on purpose")).await;
        assert!(panicked.is_err());
        assert_eq!(reader.run(|| 7).await.unwrap(), 7);
    }
}
