//! The end of a stream.
//!
//! It is recorded when the stream's body is dropped, which happens once, on every way out. A service that stops does not wait
//! for a client that never reads: the streams that are still open then are recorded as ended by the stop.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use tonic::Status;

use super::{
    ongoing_call::{OngoingCall, reason},
    record::{AuditedCall, CallOutcome, RecordKind},
};
use crate::{grpc::cancellable_body::CancelHandle, telemetry::code_name};

/// What the body of a stream holds: dropped, it records the end.
pub(super) struct StreamEnd(Arc<OpenStream>);

/// A stream that has no end yet.
#[derive(Debug)]
struct OpenStream {
    stato: Mutex<OpenStreamState>,
    inizio: i64,
    byte: AtomicU64,
    /// By which we may have ended it ourselves, though its client did not fetch the status.
    handle: Option<CancelHandle>,
}

#[derive(Debug)]
struct OpenStreamState {
    /// `None`: the end is recorded.
    current: Option<OngoingCall>,
    /// `None`: the client went away before there was one.
    status: Option<Status>,
}

impl StreamEnd {
    /// Of a stream whose INIZIO has this numero.
    pub(super) fn new(current: OngoingCall, inizio: i64, handle: Option<CancelHandle>) -> Self {
        let audit = current.audit.clone();
        let open_stream = Arc::new(OpenStream {
            stato: Mutex::new(OpenStreamState {
                current: Some(current),
                status: None,
            }),
            inizio,
            byte: AtomicU64::new(0),
            handle,
        });
        let open = Arc::downgrade(&open_stream);
        audit.open_streams().opened(inizio, move || {
            if let Some(open) = open.upgrade() {
                open.interrupt();
            }
        });
        Self(open_stream)
    }

    /// Bytes were sent.
    pub(super) fn sent(&self, byte: u64) {
        self.0.byte.fetch_add(byte, Ordering::Relaxed);
    }

    /// It ends so.
    pub(super) fn status(&self, status: Option<Status>) {
        self.0.lock().status = status;
    }
}

impl Drop for StreamEnd {
    fn drop(&mut self) {
        self.0.close(|| Status::cancelled("the client went away"));
    }
}

impl OpenStream {
    /// The service stops and does not wait for it.
    fn interrupt(&self) {
        self.close(|| Status::unavailable("the service stopped"));
    }

    /// Records the end, once: with the status that was sent, else with `otherwise`.
    fn close(&self, otherwise: impl FnOnce() -> Status) {
        let (current, status) = {
            let mut stato = self.lock();
            (stato.current.take(), stato.status.take())
        };
        let Some(current) = current else { return };
        current.audit.open_streams().closed(self.inizio);
        let ended_by_us = || self.handle.as_ref().and_then(CancelHandle::status);
        let status = status.or_else(ended_by_us).unwrap_or_else(otherwise);
        let facts = current.call_record.take();
        let now = current.audit.now();
        let tail = AuditedCall {
            tipo: RecordKind::Fine,
            rpc: &current.rpc,
            facts: &facts,
            decisione: None,
            motivo: reason(&status).as_deref(),
            trace_id: &current.trace_id,
            outcome: Some(CallOutcome {
                code: code_name(status.code()),
                byte: self.byte.load(Ordering::Relaxed),
            }),
            inizio: Some(self.inizio),
        }
        .record_tail(now, current.audit.key());
        current.audit.enqueue(now, tail);
    }

    fn lock(&self) -> MutexGuard<'_, OpenStreamState> {
        // Each of the two is taken or set in one step.
        self.stato.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
