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
    layer::{Corrente, reason},
    record::{Chiamata, Esito, Tipo},
};
use crate::{grpc::interrompibile::Presa, telemetry::code_name};

/// What the body of a stream holds: dropped, it records the end.
pub(super) struct Fine(Arc<Aperto>);

/// A stream that has no end yet.
#[derive(Debug)]
pub(super) struct Aperto {
    stato: Mutex<Stato>,
    inizio: i64,
    byte: AtomicU64,
    /// By which we may have ended it ourselves, though its client did not fetch the status.
    presa: Option<Presa>,
}

#[derive(Debug)]
struct Stato {
    /// `None`: the end is recorded.
    corrente: Option<Corrente>,
    /// `None`: the client went away before there was one.
    status: Option<Status>,
}

impl Fine {
    /// Of a stream whose INIZIO has this numero.
    pub(super) fn new(corrente: Corrente, inizio: i64, presa: Option<Presa>) -> Self {
        let audit = corrente.audit.clone();
        let aperto = Arc::new(Aperto {
            stato: Mutex::new(Stato {
                corrente: Some(corrente),
                status: None,
            }),
            inizio,
            byte: AtomicU64::new(0),
            presa,
        });
        audit.apre(inizio, &aperto);
        Self(aperto)
    }

    /// Bytes were sent.
    pub(super) fn byte(&self, byte: u64) {
        self.0.byte.fetch_add(byte, Ordering::Relaxed);
    }

    /// It ends so.
    pub(super) fn status(&self, status: Option<Status>) {
        self.0.lock().status = status;
    }
}

impl Drop for Fine {
    fn drop(&mut self) {
        self.0.chiudi(|| Status::cancelled("the client went away"));
    }
}

impl Aperto {
    /// The service stops and does not wait for it.
    pub(super) fn interrompi(&self) {
        self.chiudi(|| Status::unavailable("the service stopped"));
    }

    /// Records the end, once: with the status that was sent, else with `altrimenti`.
    fn chiudi(&self, altrimenti: impl FnOnce() -> Status) {
        let (corrente, status) = {
            let mut stato = self.lock();
            (stato.corrente.take(), stato.status.take())
        };
        let Some(corrente) = corrente else { return };
        corrente.audit.chiude(self.inizio);
        let ended_by_us = || self.presa.as_ref().and_then(Presa::status);
        let status = status.or_else(ended_by_us).unwrap_or_else(altrimenti);
        let fatti = corrente.traccia.prendi();
        let adesso = corrente.audit.adesso();
        let coda = Chiamata {
            tipo: Tipo::Fine,
            rpc: &corrente.rpc,
            fatti: &fatti,
            decisione: None,
            motivo: reason(&status).as_deref(),
            traccia: &corrente.trace_id,
            esito: Some(Esito {
                codice: code_name(status.code()),
                byte: self.byte.load(Ordering::Relaxed),
            }),
            inizio: Some(self.inizio),
        }
        .coda(adesso, corrente.audit.chiave());
        corrente.audit.accoda(adesso, coda);
    }

    fn lock(&self) -> MutexGuard<'_, Stato> {
        // Each of the two is taken or set in one step.
        self.stato.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
