//! The open chain of a service: what records are handed to.

use std::{
    sync::{
        Arc, RwLock,
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

use super::{
    anchor,
    log_writer::LogWriter,
    open_streams::OpenStreams,
    pending_record::{LOST, PendingRecord},
    record,
};
use crate::{
    clock::Clock,
    crypto::key::AuditKey,
    error::{Error, Reason, Result},
    postgres::DatabaseConnections,
    telemetry::FailureLog,
};

/// Records that may wait for the writer.
const QUEUE: usize = 8192;
/// How long a call waits for its record, which is more than a batch may take.
const PATIENCE: Duration = Duration::from_secs(6);

/// How often the writer of anchors looks at the clock.
const ANCHOR_INTERVAL: Duration = Duration::from_secs(30);

/// The open chain of this service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AuditLog(Arc<AuditLogInner>);

#[derive(Debug)]
struct AuditLogInner {
    /// `None` once it is closed.
    queue: RwLock<Option<mpsc::Sender<PendingRecord>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    key: AuditKey,
    clock: Clock,
    istanza: String,
    /// Whether the last batch was written.
    writing: Arc<AtomicBool>,
    open_streams: OpenStreams,
}

pub(super) fn unavailable() -> Error {
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
        key: AuditKey,
        istanza: String,
        clock: Clock,
    ) -> Result<Self, sqlx::Error> {
        let log_writer = LogWriter::open(database, &istanza, key.clone(), clock.clone()).await?;
        let (sender, receiver) = mpsc::channel(QUEUE);
        let writing = Arc::new(AtomicBool::new(true));
        let writer = tokio::spawn(log_writer.write(receiver, Arc::clone(&writing)));
        Ok(Self(Arc::new(AuditLogInner {
            queue: RwLock::new(Some(sender)),
            writer: Mutex::new(Some(writer)),
            key,
            clock,
            istanza,
            writing,
            open_streams: OpenStreams::default(),
        })))
    }

    /// Whether the last records could be written: where not, calls are refused. Once it could not, it can again when a record
    /// was written, and not before: to be able to read the chain is not enough.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.0.writing.load(Ordering::Relaxed)
    }

    /// Writes the anchor of each day, for as long as it runs. `pool` is of the serving role.
    pub async fn anchor_daily(self, pool: PgPool) {
        let mut done = None;
        let log = FailureLog::error(
            "the audit log cannot be anchored",
            "the audit log can be anchored again",
        );
        loop {
            let now = self.now();
            if done != Some(now.date_naive()) {
                let anchored = anchor::write_anchor(&pool, now).await;
                log.note(&anchored);
                if anchored.is_ok() {
                    done = Some(now.date_naive());
                }
            }
            sleep(ANCHOR_INTERVAL).await;
        }
    }

    /// Writes that the chain ends, and waits until all that is queued is written. Calls that come later are refused.
    pub async fn close(&self) {
        self.0.open_streams.interrupt_all();
        let now = self.now();
        let tail = record::closing_tail(now, &self.0.istanza, self.key());
        self.enqueue(now, tail);
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
    pub(super) async fn write(&self, istante: DateTime<Utc>, tail: String) -> Result<i64> {
        let (written_sender, committed) = oneshot::channel();
        let queue = self.queue().ok_or_else(unavailable)?;
        let written = async {
            let voce = PendingRecord {
                istante,
                record_tail: tail,
                committed: Some(written_sender),
            };
            match queue.try_send(voce) {
                Err(TrySendError::Full(voce)) => queue.send(voce).await.ok()?,
                sent => sent.ok()?,
            }
            committed.await.ok().map(|notice| notice.number())
        };
        timeout(PATIENCE, written)
            .await
            .ok()
            .flatten()
            .ok_or_else(unavailable)
    }

    /// Queues a record; no call waits for it.
    pub(super) fn enqueue(&self, istante: DateTime<Utc>, tail: String) {
        let voce = PendingRecord {
            istante,
            record_tail: tail,
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

    /// The streams that have no end yet.
    pub(super) fn open_streams(&self) -> &OpenStreams {
        &self.0.open_streams
    }

    fn queue(&self) -> Option<mpsc::Sender<PendingRecord>> {
        self.0.queue.read().ok()?.clone()
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    /// The key that hides codici fiscali.
    #[must_use]
    pub fn key(&self) -> &AuditKey {
        &self.0.key
    }
}
