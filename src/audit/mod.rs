//! The audit log: what was asked, by whom, under which grant, and what became of it.
//!
//! ```text
//! catena 3:  ┌ 1 APERTURA ┐   ┌ 2 CHIAMATA mef-rgs-be CountDecrees OK ┐   ┌ 3 INIZIO … ExportDecrees ┐   ┌ 4 …
//!            └ impronta ──┼──►└ impronta = SHA-256(impronta before ‖ record) ─►└ impronta ───────────┼──►
//!                         │
//! once a day: ancora = { heads of all chains }, chained to the ancora before; its impronta goes to the log of the service too
//! ```
//!
//! Four questions, and where they are answered:
//!
//! - *Was every call recorded?* [`AuditLayer`] stands outside the access layer and before every service of the contract: refused calls
//!   are recorded too, those of a flood as counts ([`Refusals`]). No answer leaves before its record is committed; if it cannot be, the call is refused
//!   ([`Reason::AuditUnavailable`]). Health and reflection hold no data and leave no record.
//! - *Was a record changed, removed, added or moved?* [`verify`]: the chain breaks at that place. What the owner of the
//!   database could still do, rewrite everything from one place on, contradicts the next anchor.
//!   What stands before the next anchor is cited by the openings of the chains that come later (`opening.rs`), and chains are
//!   numbered without gaps: a chain that was removed whole is missed, one whose service was killed is not suspected. What is
//!   no more than a clock that was wrong can be acknowledged ([`acknowledge`]).
//! - *Is a person in it?* A codice fiscale is a keyed hash ([`AuditKey`]), of a company too: eleven digits may be a person's
//!   provisional code, which nobody sees by their form. So it is in every text that a caller writes.
//! - *How long is it kept?* `omnia audit prune` removes what is older than the retention, up to the heads of an anchor: what
//!   is left is still proved by that anchor.
//!
//! Records that were committed together stand in one row of the table (`lotto.rs`), each with its own number and impronta.
//! Several instances write several chains, so none waits for another. The record of a call with one answer is one, written
//! when the answer is ready; a stream has two ([`record::RecordKind`]).

pub mod acknowledge;
pub mod anchor;
mod body;
mod chain;
mod commit_notice;
pub mod export;
mod hiding;
mod layer;
mod log_writer;
mod opening;
pub mod pruning;
pub mod record;
mod record_group;
mod refusals;
mod settings;
mod stream_end;
pub mod tracing_report;
pub mod verify;
mod withdrawal;

use std::{
    collections::HashMap,
    sync::{
        Arc, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use tokio::{
    runtime::Handle,
    sync::{
        Mutex,
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    task::JoinHandle,
    time::{sleep, timeout},
};

pub use crate::crypto::key::AuditKey;
pub use chain::{ChainDigest, ChainHead};
pub use layer::{AuditLayer, RecordedService};
pub use refusals::{RefusalLimits, Refusals};
pub use settings::AuditSettings;

use crate::{
    clock::Clock,
    error::{Error, Reason, Result},
    postgres::DatabaseConnections,
    telemetry::FailureLog,
};
use log_writer::{LogWriter, PendingRecord};
use stream_end::OpenStream;

/// Records that may wait for the writer.
const QUEUE: usize = 8192;
/// How long a call waits for its record, which is more than a batch may take.
const PATIENCE: Duration = Duration::from_secs(6);

/// How often the writer of anchors looks at the clock.
const ANCHOR_INTERVAL: Duration = Duration::from_secs(30);

/// As many as there are calls.
static LOST: FailureLog = FailureLog::error(
    "an audit record is lost",
    "no audit record is lost any more",
);

/// The open chain of this service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AuditLog(Arc<AuditLogInner>);

#[derive(Debug)]
struct AuditLogInner {
    /// `None` once it is closed.
    queue: std::sync::RwLock<Option<mpsc::Sender<PendingRecord>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    chiave: AuditKey,
    clock: Clock,
    istanza: String,
    /// Whether the last batch was written.
    scrive: Arc<AtomicBool>,
    /// The streams without an end, by the numero of their INIZIO.
    aperti: std::sync::Mutex<HashMap<i64, Weak<OpenStream>>>,
}

fn unavailable() -> Error {
    Error::new(
        Reason::AuditUnavailable,
        "the call cannot be recorded in the audit log, so it is not answered; try again",
    )
}

impl AuditLog {
    /// Opens a chain for this instance. `database` is of the serving role.
    ///
    /// # Errors
    /// The database's.
    pub async fn open(
        database: DatabaseConnections,
        chiave: AuditKey,
        istanza: String,
        clock: Clock,
    ) -> Result<Self, sqlx::Error> {
        let scrittore = LogWriter::open(database, &istanza, chiave.clone(), clock.clone()).await?;
        let (sender, receiver) = mpsc::channel(QUEUE);
        let scrive = Arc::new(AtomicBool::new(true));
        let writer = tokio::spawn(scrittore.write(receiver, Arc::clone(&scrive)));
        Ok(Self(Arc::new(AuditLogInner {
            queue: std::sync::RwLock::new(Some(sender)),
            writer: Mutex::new(Some(writer)),
            chiave,
            clock,
            istanza,
            scrive,
            aperti: std::sync::Mutex::default(),
        })))
    }

    /// Whether the last records could be written: where not, calls are refused. Once it could not, it can again when a record
    /// was written, and not before: to be able to read the chain is not enough.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.0.scrive.load(Ordering::Relaxed)
    }

    /// Writes the anchor of each day, for as long as it runs. `pool` is of the serving role.
    pub async fn anchor_daily(self, pool: PgPool) {
        let mut fatto = None;
        let log = FailureLog::error(
            "the audit log cannot be anchored",
            "the audit log can be anchored again",
        );
        loop {
            let adesso = self.now();
            if fatto != Some(adesso.date_naive()) {
                let anchored = anchor::write_anchor(&pool, adesso).await;
                log.note(&anchored);
                if anchored.is_ok() {
                    fatto = Some(adesso.date_naive());
                }
            }
            sleep(ANCHOR_INTERVAL).await;
        }
    }

    /// Writes that the chain ends, and waits until all that is queued is written. Calls that come later are refused.
    pub async fn close(&self) {
        let aperti: Vec<_> = self
            .open_streams()
            .values()
            .filter_map(Weak::upgrade)
            .collect();
        for aperto in aperti {
            aperto.interrupt();
        }
        let adesso = self.now();
        let coda = record::closing_tail(adesso, &self.0.istanza, self.key());
        self.enqueue(adesso, coda);
        if let Ok(mut queue) = self.0.queue.write() {
            *queue = None;
        }
        if let Some(writer) = self.0.writer.lock().await.take()
            && let Err(error) = writer.await
        {
            tracing::error!(%error, "the writer of the audit log failed");
        }
    }

    /// Writes a record and waits until it is committed. Its numero in the chain.
    ///
    /// # Errors
    /// [`Reason::AuditUnavailable`].
    async fn write(&self, istante: DateTime<Utc>, coda: String) -> Result<i64> {
        let (scritta, committed) = oneshot::channel();
        let queue = self.queue().ok_or_else(unavailable)?;
        let written = async {
            let voce = PendingRecord {
                istante,
                record_tail: coda,
                committed: Some(scritta),
            };
            match queue.try_send(voce) {
                Err(TrySendError::Full(voce)) => queue.send(voce).await.ok()?,
                sent => sent.ok()?,
            }
            committed.await.ok().map(|avviso| avviso.number())
        };
        timeout(PATIENCE, written)
            .await
            .ok()
            .flatten()
            .ok_or_else(unavailable)
    }

    /// Queues a record that nobody waits for.
    fn enqueue(&self, istante: DateTime<Utc>, coda: String) {
        let voce = PendingRecord {
            istante,
            record_tail: coda,
            committed: None,
        };
        let lost = || LOST.failed("its writer is gone");
        let Some(queue) = self.queue() else {
            return lost();
        };
        match (queue.try_send(voce), Handle::try_current()) {
            (Ok(()), _) => {}
            // Bounded by the streams and calls that there may be at once.
            (Err(TrySendError::Full(voce)), Ok(runtime)) => {
                runtime.spawn(async move {
                    if queue.send(voce).await.is_err() {
                        lost();
                    }
                });
            }
            (Err(_), _) => lost(),
        }
    }

    /// A stream has begun.
    fn stream_opened(&self, inizio: i64, aperto: &Arc<OpenStream>) {
        self.open_streams().insert(inizio, Arc::downgrade(aperto));
    }

    /// A stream has its end.
    fn stream_closed(&self, inizio: i64) {
        self.open_streams().remove(&inizio);
    }

    fn open_streams(&self) -> MutexGuard<'_, HashMap<i64, Weak<OpenStream>>> {
        // An insertion and a removal cannot stop half-way.
        self.0.aperti.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self) -> Option<mpsc::Sender<PendingRecord>> {
        self.0.queue.read().ok()?.clone()
    }

    fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    /// The key that hides codici fiscali.
    #[must_use]
    pub fn key(&self) -> &AuditKey {
        &self.0.chiave
    }
}
