//! The streams under way, and their end where what allowed them is no more.
//!
//! ```text
//! ExportDecrees ── Abilitazione ──► ActiveStreams: 1, 2, 3 …      a step of a grant, another policy, half a second
//!       ▲                               │                                      │
//!       └── PERMISSION_DENIED, reason ◄─┴── decided again, each ◄──────────────┘
//! ```
//!
//! A call with one answer is decided when it comes and answered at once; a stream may run for half an hour, and a grant that is
//! revoked meanwhile must not go on giving data. So every stream of the contract is registered under the decision that
//! allowed it, and decided again as soon as that may have changed, and every half second besides: hours end and days
//! pass without anybody saying so.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    abilitazione::{Abilitazione, quota::QuotaReservation},
    error::Error,
    grpc::cancellable_body::CancelHandle,
    valori::tax_codes::masked,
};

/// The streams under way. Cheap to clone: all clones are of the same server.
#[derive(Debug, Clone, Default)]
pub(crate) struct ActiveStreams(Arc<Mutex<StreamRegistry>>);

#[derive(Debug, Default)]
struct StreamRegistry {
    ultima: u64,
    live: HashMap<u64, ActiveStream>,
}

/// A stream, and the decision that allowed it.
#[derive(Debug, Clone)]
pub(crate) struct ActiveStream {
    pub(crate) abilitazione: Abilitazione,
    handle: CancelHandle,
}

impl ActiveStream {
    /// Ends it.
    pub(crate) fn end(&self, error: Error) {
        let aa07 = self.abilitazione.aa07();
        tracing::info!(
            abilitazione = aa07.id,
            soggetto = &*masked(&aa07.soggetto),
            reason = error.reason.as_str_name(),
            "a stream is ended: it would not be allowed now"
        );
        self.handle.cancel(error.into());
    }
}

/// Takes a stream out of the register when it ends.
struct StreamRegistration {
    active_streams: ActiveStreams,
    numero: u64,
    _reservation: QuotaReservation,
}

impl ActiveStreams {
    /// Registers a stream that takes a place of the quota, until it ends.
    pub(crate) fn register(
        &self,
        abilitazione: Abilitazione,
        posto: QuotaReservation,
        handle: CancelHandle,
    ) {
        let mut register = self.lock();
        register.ultima += 1;
        let numero = register.ultima;
        let current = ActiveStream {
            abilitazione,
            handle: handle.clone(),
        };
        register.live.insert(numero, current);
        drop(register);
        handle.hold(StreamRegistration {
            active_streams: self.clone(),
            numero,
            _reservation: posto,
        });
    }

    /// The streams that are under way now.
    pub(crate) fn all(&self) -> Vec<ActiveStream> {
        self.lock().live.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, StreamRegistry> {
        // An insertion and a removal cannot stop half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for StreamRegistration {
    fn drop(&mut self) {
        self.active_streams.lock().live.remove(&self.numero);
    }
}
