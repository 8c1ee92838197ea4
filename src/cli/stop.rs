//! The stop of the service: asked for by a signal, and bounded in any case.
//!
//! ```text
//! 1st signal ─► token ─► streams drain: drain_seconds ─► quotas, audit log, pools, private cluster: each with its bound ─► end
//!      │                                                                                                                │
//!      └── drain_seconds + 9.5 s ── still here? ──► the cluster is told to quit, the process ends ◄─────────────────────┘ never comes
//! 2nd signal ─► the same, at once
//! ```
//!
//! Whatever waits for a database that is frozen, a disk that hangs or a client that does not read has a bound of its own. Behind
//! all of them stands a thread that needs nothing from the others: it hears the signals and ends the process.

use std::{
    future::Future,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    runtime,
    signal::unix::{Signal, SignalKind, signal},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use crate::{error::Sentence, postgres::Emergency};

/// After the time to drain, all is to be closed in good order.
const CLOSING: Duration = Duration::from_millis(8500);
/// After the time to drain, the process is gone.
const LIMIT: Duration = Duration::from_millis(9500);

/// Whether the service is to stop, and by when.
#[derive(Debug)]
pub(super) struct Stop {
    token: CancellationToken,
    shared: Arc<Shared>,
    drain: Duration,
}

#[derive(Debug, Default)]
struct Shared {
    asked: OnceLock<Instant>,
    emergency: Mutex<Emergency>,
}

impl Stop {
    /// Stops on Ctrl-C or SIGTERM: in good order, with `drain` for the streams under way; at once on the second.
    ///
    /// # Errors
    /// The system's: no thread, or no signals.
    pub(super) fn on_signals(drain: Duration) -> Result<Self, Sentence> {
        let (token, shared) = (CancellationToken::new(), Arc::new(Shared::default()));
        // Not on the threads of the service, which may all be held up.
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let signals = {
            let _inside = runtime.enter();
            Signals::new()?
        };
        let work = hear(signals, token.clone(), Arc::clone(&shared), drain);
        std::thread::Builder::new()
            .name("stop".to_owned())
            .spawn(move || runtime.block_on(work))?;
        Ok(Self {
            token,
            shared,
            drain,
        })
    }

    /// Cancelled when the service is to stop.
    pub(super) fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// When all is to be closed, once a signal has come.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let asked = self.shared.asked.get()?;
        Some(*asked + self.drain + CLOSING)
    }

    /// Does `work`, unless the stop is asked for first.
    pub(super) async fn unless_asked<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.token.cancelled() => None,
            done = work => Some(done),
        }
    }

    /// The server that must not outlive the process where there is no time to stop it.
    pub(super) fn guard(&self, emergency: Emergency) {
        *self.shared.emergency() = emergency;
    }
}

impl Shared {
    fn emergency(&self) -> std::sync::MutexGuard<'_, Emergency> {
        // Set in one step.
        self.emergency
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, code: i32) -> ! {
        self.emergency().quit();
        std::process::exit(code)
    }
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The exit code of a process that the next signal ends.
    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.interrupt.recv() => 128 + SignalKind::interrupt().as_raw_value(),
            _ = self.terminate.recv() => 128 + SignalKind::terminate().as_raw_value(),
        }
    }
}

async fn hear(
    mut signals: Signals,
    token: CancellationToken,
    shared: Arc<Shared>,
    drain: Duration,
) {
    signals.next().await;
    let _ = shared.asked.set(Instant::now());
    tracing::info!("stopping");
    token.cancel();
    tokio::select! {
        code = signals.next() => {
            tracing::warn!("asked to stop a second time: ending at once");
            shared.end(code);
        }
        () = sleep(drain + LIMIT) => {
            tracing::error!("the stop takes too long: the process is ended");
            shared.end(1);
        }
    }
}
