//! Calls as tasks: each runs as a task of its own, which can be ended from outside.
//!
//! What is written to a client whose window is shut waits inside the HTTP/2 library, which asks for nothing more meanwhile: no status
//! of ours could reach it. What ends such a call is the end of its task: HTTP/2 then resets the stream, which no window
//! holds up, and forgets what was waiting. On HTTP/1.1 a connection has one call at a time, and what ends that is the end of the connection.
//!
//! An answer that waits so for long is ended here, whatever call it is of. A stream was told before ([`DeadlineLayer`](crate::grpc)); one
//! message, or a page that needs no token, would else hold its connection for as long as the client likes, and no other could have its place.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use hyper::rt::Executor;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use crate::transport::{Slot, stall_timer::StallTimer};

tokio::task_local! {
    static CALL: CallTask;
}

/// The task of one call. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CallTask(Arc<CallTaskInner>);

#[derive(Debug)]
struct CallTaskInner {
    end: CallEnd,
    /// Which piece of its answer the client has not taken yet. 0: it has taken all there was.
    untaken: AtomicU64,
}

/// What ends it.
#[derive(Debug)]
enum CallEnd {
    /// There before any clone of the task is: see `execute`.
    Task(OnceLock<AbortHandle>),
    Connection(CancellationToken),
}

impl CallTask {
    fn new(end: CallEnd) -> Self {
        Self(Arc::new(CallTaskInner {
            end,
            untaken: AtomicU64::new(0),
        }))
    }

    /// The task that asks. `None`: it is no call's.
    #[must_use]
    pub fn current() -> Option<Self> {
        CALL.try_with(Clone::clone).ok()
    }

    /// Ends the call, whatever it waits for; its stream is reset, or its connection closed.
    pub fn reset(&self) {
        match &self.0.end {
            CallEnd::Task(task) => {
                if let Some(task) = task.get() {
                    task.abort();
                }
            }
            CallEnd::Connection(connection) => connection.cancel(),
        }
    }

    /// Piece `number` of its answer is there for the client; 0: the client has taken the last one.
    pub(super) fn offers(&self, number: u64) {
        self.0.untaken.store(number, Ordering::Relaxed);
    }

    fn untaken(&self) -> u64 {
        self.0.untaken.load(Ordering::Relaxed)
    }
}

/// Runs a call of HTTP/1.1, in the task of its connection: `connection` closes that.
pub(super) async fn of_connection<F: Future>(connection: CancellationToken, call: F) -> F::Output {
    let own = CallTask::new(CallEnd::Connection(connection));
    CALL.scope(own, call).await
}

/// Runs the calls of one connection of HTTP/2. Its client may leave each answer for `patience`.
#[derive(Debug, Clone)]
pub(crate) struct CallExecutor {
    pub(crate) slot: Slot,
    pub(crate) patience: Duration,
}

impl<F> Executor<F> for CallExecutor
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, call: F) {
        let (own, busy) = (
            CallTask::new(CallEnd::Task(OnceLock::new())),
            self.slot.busy(),
        );
        let (watched, patience) = (own.clone(), self.patience);
        let call = async move {
            let _busy = busy;
            while_it_is_taken(watched, patience, call).await;
        };
        let task = tokio::spawn(CALL.scope(own.clone(), call));
        if let CallEnd::Task(handle) = &own.0.end {
            // It is set nowhere else.
            let _ = handle.set(task.abort_handle());
        }
    }
}

/// Runs a call until it ends, or until its client has left a piece of the answer for too long.
async fn while_it_is_taken(task: CallTask, patience: Duration, call: impl Future) {
    let mut call = pin!(call);
    let (mut timer, mut last) = (StallTimer::new(patience), 0);
    poll_fn(|cx| {
        if call.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let untaken = task.untaken();
        if untaken != last {
            timer.moved();
            last = untaken;
        }
        match untaken {
            0 => Poll::Pending,
            _ => timer.poll_waiting(cx).map(|()| {
                tracing::info!("an answer that its client does not take is ended");
            }),
        }
    })
    .await;
}
