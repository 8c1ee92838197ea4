//! Notices that files may have changed: those of the policy, of the keys, of the certificates.
//!
//! ```text
//! inotify ── quiet for 20 ms ───┐
//! every half second ────────────├──► wait() ──► the reader compares what it reads with what is in force
//! SIGHUP ───────────────────────┘
//! ```
//!
//! Directories are watched and not files: an editor writes another file and renames it, and Kubernetes swaps a symbolic
//! link to a whole directory (`..data`). The watched directory may itself be such a link, so its parent is watched too and
//! the watches are made anew each time. Nothing is concluded from an event but that it is time to read, and the reader finds
//! out whether files are still being written. Since an event may be lost, and a network mount has none, it is time to
//! read every half second too. To watch a path is to look it up, for which a disk that does not answer may take for ever: that
//! is left to a [`Reader`], and until it is done only the half seconds count.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::Notify,
    time::{Instant, sleep, timeout_at},
};

use crate::transport::bounded_read::Reader;

/// Events come in swarms: one reading for those of so short a time.
const QUIET: Duration = Duration::from_millis(20);
/// However busy the directory is, it is read after so long.
const MAX_WAIT: Duration = Duration::from_millis(100);
/// Behind the events, which not every file system has. What is read is small.
const ROUND: Duration = Duration::from_millis(500);

/// Why it is time to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WakeReason {
    /// The file system says that something happened.
    Event,
    /// A while without an event.
    Round,
    /// An operator asks (SIGHUP): to be answered in the log even where nothing has changed.
    Requested,
}

/// Watches some directories, and SIGHUP.
#[derive(Debug)]
pub struct FileWatcher {
    dirs: Arc<[PathBuf]>,
    /// Locked by the reader's one thread only.
    watcher: Option<Arc<Mutex<RecommendedWatcher>>>,
    reader: Reader,
    changed: Arc<Notify>,
    hangup: Signal,
}

impl FileWatcher {
    /// Watches `dirs`, which may be none: then only SIGHUP.
    ///
    /// # Errors
    /// The system's: the signal cannot be had. Where events cannot, they are looked for without.
    pub async fn new(dirs: impl IntoIterator<Item = PathBuf>) -> io::Result<Self> {
        let dirs: BTreeSet<PathBuf> = dirs
            .into_iter()
            .map(std::path::absolute)
            .collect::<io::Result<_>>()?;
        let dirs: Vec<PathBuf> = dirs.into_iter().collect();
        let changed = Arc::new(Notify::new());
        let file_watcher = Self {
            watcher: watcher(dirs.clone(), Arc::clone(&changed)).map(|w| Arc::new(Mutex::new(w))),
            dirs: dirs.into(),
            reader: Reader::default(),
            changed,
            hangup: signal(SignalKind::hangup())?,
        };
        file_watcher.attach().await;
        Ok(file_watcher)
    }

    /// Waits until it is time to read. Read once before the first wait: what changed earlier is not told.
    pub async fn wait(&mut self) -> WakeReason {
        let motivo = tokio::select! {
            _ = self.hangup.recv() => WakeReason::Requested,
            () = self.changed.notified() => {
                self.settle().await;
                WakeReason::Event
            }
            () = sleep(ROUND), if !self.dirs.is_empty() => WakeReason::Round,
        };
        // Before the files are read, so that no change falls between.
        self.attach().await;
        motivo
    }

    async fn settle(&self) {
        let end = Instant::now() + MAX_WAIT;
        loop {
            let now = Instant::now();
            let quiet = timeout_at((now + QUIET).min(end), self.changed.notified()).await;
            if quiet.is_err() {
                return;
            }
        }
    }

    /// Watches what the paths lead to now.
    async fn attach(&self) {
        let Some(watcher) = self.watcher.clone() else {
            return;
        };
        let dirs = Arc::clone(&self.dirs);
        let watch = move || {
            // Whatever a panic left behind is watched anew here.
            let mut watcher = watcher.lock().unwrap_or_else(PoisonError::into_inner);
            for dir in &*dirs {
                for path in [Some(dir.as_path()), dir.parent()].into_iter().flatten() {
                    // It may not have been watched, or be gone; the round looks again.
                    let _ = watcher.unwatch(path);
                    if let Err(error) = watcher.watch(path, RecursiveMode::NonRecursive) {
                        tracing::debug!(path = %path.display(), %error, "cannot be watched");
                    }
                }
            }
        };
        if let Err(error) = self.reader.run(watch).await {
            tracing::debug!(%error, "directories cannot be watched now");
        }
    }
}

fn watcher(dirs: Vec<PathBuf>, changed: Arc<Notify>) -> Option<RecommendedWatcher> {
    if dirs.is_empty() {
        return None;
    }
    let concerns = move |path: &Path| dirs.iter().any(|dir| path.starts_with(dir));
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let concerns = match &event {
            // To read is an event too, and we read.
            Ok(event) => !event.kind.is_access() && event.paths.iter().any(|path| concerns(path)),
            // Events were lost.
            Err(_) => true,
        };
        if concerns {
            changed.notify_one();
        }
    });
    watcher
        .inspect_err(|error| {
            tracing::warn!(%error, "file events cannot be had: changes are looked for every half second");
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use tokio::time::timeout;

    use super::*;

    /// What it wakes for next.
    async fn wake_reason(file_watcher: &mut FileWatcher) -> WakeReason {
        timeout(ROUND * 20, file_watcher.wait()).await.unwrap()
    }

    #[tokio::test]
    async fn events_tell_of_writes_renames_and_swapped_links() {
        let root = tempfile::tempdir().unwrap();
        for version in ["one", "two"] {
            fs::create_dir(root.path().join(version)).unwrap();
            fs::write(root.path().join(version).join("file"), version).unwrap();
        }
        let link = root.path().join("link");
        symlink("one", &link).unwrap();
        let mut file_watcher = FileWatcher::new([link.clone()]).await.unwrap();
        for _ in 0..2 {
            fs::write(link.join("file"), "other").unwrap();
            assert_eq!(
                wake_reason(&mut file_watcher).await,
                WakeReason::Event,
                "written"
            );
            fs::write(root.path().join("new"), "renamed").unwrap();
            fs::rename(root.path().join("new"), link.join("file")).unwrap();
            assert_eq!(
                wake_reason(&mut file_watcher).await,
                WakeReason::Event,
                "renamed"
            );
            symlink("two", root.path().join("tmp")).unwrap();
            fs::rename(root.path().join("tmp"), &link).unwrap();
            assert_eq!(
                wake_reason(&mut file_watcher).await,
                WakeReason::Event,
                "swapped"
            );
        }
    }

    #[tokio::test]
    async fn to_read_is_no_event_and_a_busy_neighbour_neither() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("dir");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("file"), "text").unwrap();
        let mut file_watcher = FileWatcher::new([dir.clone()]).await.unwrap();
        fs::read(dir.join("file")).unwrap();
        fs::write(root.path().join("neighbour"), "text").unwrap();
        assert_eq!(wake_reason(&mut file_watcher).await, WakeReason::Round);
    }

    #[tokio::test]
    async fn what_makes_no_event_is_looked_for() {
        let root = tempfile::tempdir().unwrap();
        let mut file_watcher = FileWatcher::new([root.path().join("missing")])
            .await
            .unwrap();
        file_watcher.watcher = None;
        assert_eq!(wake_reason(&mut file_watcher).await, WakeReason::Round);
    }
}
