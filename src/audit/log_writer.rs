//! The writer: one task, one connection, one chain.
//!
//! ```text
//! call ── record_tail ──► queue ──► writer: all that waits, one row, one commit ──► Postgres
//!  ▲                                  │
//!  └── number ◄── commit notice ◄─────┘
//! ```
//!
//! Calls that wait at the same time share one commit and one row ([`super::record_group`]), so its fsync is not paid by each. "Before the first byte of the answer"
//! means: after the commit of the record. What a kill of the service, of Postgres or of the machine can lose is
//! then a record whose answer never left (or the FINE of a stream that was cut).
//!
//! A statement that fails leaves open whether it was committed. The writer then reads the head of its chain again and
//! goes on from there; the calls of that batch are refused, recorded or not: a record without an answer says too much,
//! an answer without a record would say too little. Records without a waiting call (FINE) are tried again.
//!
//! The first record after such a failure is a RIPRESA, which says since when. The writer writes it by itself, since nobody calls a service
//! that says it is not well, and nothing less than a record shows that records can be written.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection};
use tokio::{
    sync::mpsc,
    task::yield_now,
    time::{sleep, timeout},
};

use super::{
    chain::{ChainDigest, ChainHead},
    commit_notice::CommitNotice,
    opening,
    pending_record::{LOST, PendingRecord},
    record,
    record_group::{RecordGroup, append},
};
use crate::{
    clock::Clock, crypto::key::AuditKey, postgres::DatabaseConnections, telemetry::FailureLog,
};

/// Records that one statement writes at most.
const BATCH: usize = 512;
/// So many records are worth a commit; gathering more would leave no call running while they are written.
const ENOUGH: usize = 16;
/// How long a batch may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the opening of a chain may take.
const OPENING: Duration = Duration::from_secs(10);
/// How long the writer leaves a database alone that has just failed.
const PAUSE: Duration = Duration::from_millis(100);
/// Records without a waiter that are kept for a database that does not answer.
const BACKLOG: usize = 100_000;

/// A chain, and the connection that writes it.
#[derive(Debug)]
pub(super) struct LogWriter {
    database: DatabaseConnections,
    connection: Option<PgConnection>,
    istanza: String,
    key: AuditKey,
    clock: Clock,
    catena: i64,
    head: ChainHead,
    /// Since when no record was written, where the last statement failed: it may or may not have been committed.
    uncertain: Option<DateTime<Utc>>,
    log: FailureLog,
}

impl LogWriter {
    /// Opens a chain. `database` is of the serving role.
    pub(super) async fn open(
        database: DatabaseConnections,
        istanza: &str,
        key: AuditKey,
        clock: Clock,
    ) -> Result<Self, sqlx::Error> {
        let mut connection = database.audit().await?;
        let opened = timeout(
            OPENING,
            opening::open(&mut connection, istanza, &key, clock.now()),
        );
        let (catena, head) = opened.await.map_err(|_| {
            sqlx::Error::Protocol(
                "its chain was not opened in time: another is being opened".into(),
            )
        })??;
        Ok(Self {
            database,
            connection: Some(connection),
            istanza: istanza.to_owned(),
            key,
            clock,
            catena,
            head,
            uncertain: None,
            log: FailureLog::error(
                "the audit log cannot be written",
                "the audit log can be written again",
            ),
        })
    }

    /// Writes until the queue is closed and empty.
    pub(super) async fn write(
        mut self,
        mut queue: mpsc::Receiver<PendingRecord>,
        writing: Arc<AtomicBool>,
    ) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut backlog: VecDeque<PendingRecord> = VecDeque::new();
        loop {
            batch.extend(backlog.drain(..backlog.len().min(BATCH - batch.len())));
            let room = BATCH - batch.len();
            if batch.is_empty() {
                let received = if self.uncertain.is_some() {
                    timeout(PAUSE, queue.recv_many(&mut batch, room)).await
                } else {
                    Ok(queue.recv_many(&mut batch, room).await)
                };
                match received {
                    Ok(0) => break,
                    Ok(_) => gather(&mut queue, &mut batch).await,
                    // A service that reports itself unwell gets no calls, so it must find out by itself that it has recovered.
                    Err(_) => {
                        let found = timeout(PATIENCE, self.resume()).await;
                        match &found {
                            Ok(found) => self.log.note(found),
                            Err(_) => self.log.failed("no answer in time"),
                        }
                        writing.store(matches!(found, Ok(Ok(()))), Ordering::Relaxed);
                        continue;
                    }
                }
            } else {
                while batch.len() < BATCH
                    && let Ok(voce) = queue.try_recv()
                {
                    batch.push(voce);
                }
            }
            let written = timeout(PATIENCE, self.write_group(&batch)).await;
            writing.store(matches!(written, Ok(Ok(_))), Ordering::Relaxed);
            let error = match written {
                Ok(Ok((before, quante))) => {
                    self.log.succeeded();
                    let written_senders = batch.drain(..quante).map(|voce| voce.committed);
                    CommitNotice::announce(before, written_senders.collect());
                    continue;
                }
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no answer in time".to_owned(),
            };
            self.connection = None;
            self.uncertain.get_or_insert(self.clock.now());
            // Dropping the waiters refuses their calls.
            batch.retain(|voce| voce.committed.is_none());
            let kept = batch.len().min(BACKLOG.saturating_sub(backlog.len()));
            let lost = batch.len() - kept;
            self.log.failed(error);
            if lost > 0 {
                LOST.failed(format_args!("{lost} of a batch: {kept} wait already"));
            }
            backlog.extend(batch.drain(..kept));
            batch.clear();
            if queue.is_closed() && queue.is_empty() {
                tracing::error!(lost = backlog.len(), "audit records are lost at the end");
                break;
            }
            sleep(PAUSE).await;
        }
        if let Some(connection) = self.connection.take() {
            let _ = connection.close().await;
        }
    }

    /// Connects again, reads where the chain ends, and goes on from there with a RIPRESA.
    async fn resume(&mut self) -> Result<(), sqlx::Error> {
        let Some(dal) = self.uncertain else {
            return Ok(());
        };
        self.connection = None;
        let mut connection = self.database.audit().await?;
        self.head = read_head(&mut connection, self.catena).await?;
        self.connection = Some(connection);
        let istante = self.clock.now();
        let tail = record::resumption_tail(dal, istante, &self.istanza, &self.key);
        let resume_point = PendingRecord {
            istante,
            record_tail: tail,
            committed: None,
        };
        self.add(&[resume_point]).await?;
        self.uncertain = None;
        Ok(())
    }

    /// Writes the first of a batch, as many as go into one row: the numero of the first, and how many they are.
    async fn write_group(&mut self, batch: &[PendingRecord]) -> Result<(i64, usize), sqlx::Error> {
        self.resume().await?;
        self.add(batch).await
    }

    async fn add(&mut self, batch: &[PendingRecord]) -> Result<(i64, usize), sqlx::Error> {
        // Left out while the statement runs: dropped half-way, it must not be used again.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.database.audit().await?,
        };
        let lotto = RecordGroup::of(self.catena, self.head, batch);
        let before = self.head.numero + 1;
        append(&mut connection, self.catena, self.head, &lotto).await?;
        self.head = lotto.head;
        self.connection = Some(connection);
        Ok((before, lotto.taken))
    }
}

/// Lets the calls that are ready to run bring their records too: one commit for all of them. Where nothing else is ready, this
/// takes no time. While a batch is written the next one gathers by itself.
async fn gather(queue: &mut mpsc::Receiver<PendingRecord>, batch: &mut Vec<PendingRecord>) {
    while batch.len() < ENOUGH {
        let before = batch.len();
        yield_now().await;
        while batch.len() < BATCH
            && let Ok(voce) = queue.try_recv()
        {
            batch.push(voce);
        }
        if batch.len() == before {
            return;
        }
    }
}

async fn read_head(connection: &mut PgConnection, catena: i64) -> Result<ChainHead, sqlx::Error> {
    let (numero, impronta): (i64, Vec<u8>) =
        sqlx::query_as("select numero, impronta from audit_catena where catena = $1")
            .bind(catena)
            .fetch_one(connection)
            .await?;
    let impronta = ChainDigest::from_slice(&impronta)
        .ok_or_else(|| sqlx::Error::Protocol("an impronta is not of 32 bytes".to_owned()))?;
    Ok(ChainHead { numero, impronta })
}
