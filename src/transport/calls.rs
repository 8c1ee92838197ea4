//! Calls as tasks: each runs as a task of its own, which can be ended from outside.
//!
//! What is written to a client whose window is shut waits inside the HTTP/2 library, which asks for nothing more meanwhile: no status
//! of ours could reach it. What ends such a call is the end of its task: HTTP/2 then resets the stream, which no window
//! holds up, and forgets what was waiting.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
};

use hyper::rt::Executor;
use tokio::task::AbortHandle;

use crate::transport::Slot;

tokio::task_local! {
    static CALL: CallTask;
}

/// The task of one call. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct CallTask(Arc<OnceLock<AbortHandle>>);

impl CallTask {
    /// The task that asks. `None`: it is no call's.
    #[must_use]
    pub fn current() -> Option<Self> {
        CALL.try_with(Clone::clone).ok()
    }

    /// Ends the call, whatever it waits for; its stream is reset.
    pub fn reset(&self) {
        // It is there before any clone of this one is: see `execute`.
        if let Some(task) = self.0.get() {
            task.abort();
        }
    }
}

/// Runs the calls of one connection, which is not idle meanwhile.
#[derive(Debug, Clone)]
pub(crate) struct CallExecutor(pub(crate) Slot);

impl<F> Executor<F> for CallExecutor
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, call: F) {
        let (own, busy) = (CallTask::default(), self.0.busy());
        let task = tokio::spawn(CALL.scope(own.clone(), async move {
            let _busy = busy;
            call.await
        }));
        // It is set nowhere else.
        let _ = own.0.set(task.abort_handle());
    }
}
