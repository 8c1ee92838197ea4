//! Ctrl-C during a command that is not the server.

use std::future::Future;

use tokio::signal::unix::{SignalKind, signal};

use crate::error::Sentence;

/// Does `work` until it ends or somebody asks us to: then what it holds is dropped in good order, so that a transaction
/// is rolled back and a private PostgreSQL is stopped rather than left behind.
///
/// # Errors
/// What `work` gives, or that it was interrupted.
pub(super) async fn interruptible<T>(
    work: impl Future<Output = Result<T, Sentence>>,
) -> Result<T, Sentence> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::select! {
        result = work => result,
        _ = interrupt.recv() => Err("interrupted".into()),
        _ = terminate.recv() => Err("terminated".into()),
        _ = hangup.recv() => Err("the terminal was closed".into()),
    }
}
