//! The way to the server's process for somebody who has no time left.

use std::sync::{
    Arc,
    atomic::{AtomicI32, Ordering},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// The server's process, for somebody who has no time left: reachable from any thread, whatever the others do.
#[derive(Debug, Clone, Default)]
pub struct Emergency(Arc<AtomicI32>);

impl Emergency {
    /// Tells the server to stop at once and to leave the rest to recovery. It is not waited for.
    pub fn quit(&self) {
        let pid = self.0.load(Ordering::Relaxed);
        if pid > 0 {
            // An error is its having ended.
            let _ = kill(Pid::from_raw(pid), Signal::SIGQUIT);
        }
    }

    pub(crate) fn set(&self, pid: Option<u32>) {
        let pid = pid.and_then(|pid| i32::try_from(pid).ok()).unwrap_or(0);
        self.0.store(pid, Ordering::Relaxed);
    }
}
