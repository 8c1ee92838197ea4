//! The streams without an end, and how each is ended when the service stops.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

type Interrupt = Arc<dyn Fn() + Send + Sync>;

/// By the numero of their INIZIO.
#[derive(Default)]
pub(super) struct OpenStreams(Mutex<HashMap<i64, Interrupt>>);

impl OpenStreams {
    /// A stream has begun; `interrupt` ends it.
    pub(super) fn opened(&self, inizio: i64, interrupt: impl Fn() + Send + Sync + 'static) {
        self.lock().insert(inizio, Arc::new(interrupt));
    }

    /// A stream has its end.
    pub(super) fn closed(&self, inizio: i64) {
        self.lock().remove(&inizio);
    }

    /// Ends all of them. Each says itself that it is closed, so nothing is locked meanwhile.
    pub(super) fn interrupt_all(&self) {
        let open: Vec<Interrupt> = self.lock().values().cloned().collect();
        for interrupt in open {
            interrupt();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Interrupt>> {
        // An insertion and a removal cannot stop half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for OpenStreams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lock().keys()).finish()
    }
}
