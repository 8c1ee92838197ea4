//! The writer: one task, one connection, one chain.
//!
//! ```text
//! call ── coda ──► queue ──► writer: all that waits, one statement, one commit ──► Postgres
//!  ▲                            │
//!  └── numero ◄── committed ◄───┘
//! ```
//!
//! Calls that wait at the same time share one commit, so its fsync is not paid by each. "Before the first byte of the answer"
//! means: after the commit of the record. What a kill of the service, of Postgres or of the machine can lose is
//! then a record whose answer never left (or the FINE of a stream that was cut).
//!
//! A statement that fails leaves open whether it was committed. The writer then reads the head of its chain again and
//! goes on from there; the calls of that batch are refused, recorded or not: a record without an answer says too much,
//! an answer without a record would say too little. Records that nobody waits for (FINE) are tried again.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};

use super::{
    catena::{Impronta, Testa},
    record,
};

/// Records that one statement writes at most.
const BATCH: usize = 512;
/// How long a batch may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the writer leaves a database alone that has just failed.
const PAUSE: Duration = Duration::from_millis(100);
/// Records without a waiter that are kept for a database that does not answer.
const BACKLOG: usize = 100_000;

/// A record to be.
#[derive(Debug)]
pub(super) struct Voce {
    pub(super) istante: DateTime<Utc>,
    pub(super) coda: String,
    /// Told the numero once the record is committed; dropped if it is not. `None`: nobody waits.
    pub(super) scritta: Option<oneshot::Sender<i64>>,
}

/// A chain, and the connection that writes it.
#[derive(Debug)]
pub(super) struct Scrittore {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    catena: i64,
    testa: Testa,
    /// Whether the last statement may or may not have been committed.
    incerta: bool,
}

impl Scrittore {
    /// Opens a chain. `options` are those of the serving role; its connections are read-only unless told otherwise.
    pub(super) async fn apri(
        options: &PgConnectOptions,
        istanza: &str,
        adesso: DateTime<Utc>,
    ) -> Result<Self, sqlx::Error> {
        let options = options.clone().application_name("omnia-audit").options([
            ("default_transaction_read_only", "off"),
            ("plan_cache_mode", "auto"),
        ]);
        let mut connection = PgConnection::connect_with(&options).await?;
        let catena = sqlx::query_scalar(
            "insert into audit_catena (istanza, aperta_il) values ($1, $2) returning catena",
        )
        .bind(istanza)
        .bind(adesso)
        .fetch_one(&mut connection)
        .await?;
        Ok(Self {
            options,
            connection: Some(connection),
            catena,
            testa: Testa::default(),
            incerta: false,
        })
    }

    /// Writes until the queue is closed and empty.
    pub(super) async fn scrivi(mut self, mut queue: mpsc::Receiver<Voce>, scrive: Arc<AtomicBool>) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut backlog: VecDeque<Voce> = VecDeque::new();
        loop {
            batch.extend(backlog.drain(..backlog.len().min(BATCH)));
            let room = BATCH - batch.len();
            if batch.is_empty() {
                let received = if self.incerta {
                    timeout(PAUSE, queue.recv_many(&mut batch, room)).await
                } else {
                    Ok(queue.recv_many(&mut batch, room).await)
                };
                match received {
                    Ok(0) => break,
                    Ok(_) => {}
                    // Nobody calls a service that says it is not well: it must find out by itself that it is again.
                    Err(_) => {
                        let found = timeout(PATIENCE, self.ritrova()).await;
                        scrive.store(matches!(found, Ok(Ok(()))), Ordering::Relaxed);
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
            let written = timeout(PATIENCE, self.scrivi_lotto(&batch)).await;
            scrive.store(matches!(written, Ok(Ok(_))), Ordering::Relaxed);
            let error = match written {
                Ok(Ok(prima)) => {
                    for (numero, voce) in (prima..).zip(batch.drain(..)) {
                        if let Some(scritta) = voce.scritta {
                            // Whoever does not wait any more has no answer to send.
                            let _ = scritta.send(numero);
                        }
                    }
                    continue;
                }
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no answer in time".to_owned(),
            };
            self.connection = None;
            self.incerta = true;
            // Dropping the waiters refuses their calls.
            batch.retain(|voce| voce.scritta.is_none());
            let kept = batch.len().min(BACKLOG.saturating_sub(backlog.len()));
            let lost = batch.len() - kept;
            tracing::error!(error, kept, lost, "the audit log cannot be written");
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

    /// Connects again, and reads where the chain ends.
    async fn ritrova(&mut self) -> Result<(), sqlx::Error> {
        let mut connection = PgConnection::connect_with(&self.options).await?;
        self.testa = testa(&mut connection, self.catena).await?;
        self.connection = Some(connection);
        self.incerta = false;
        Ok(())
    }

    /// Writes a batch in one transaction. The numero of its first record.
    async fn scrivi_lotto(&mut self, batch: &[Voce]) -> Result<i64, sqlx::Error> {
        if self.incerta {
            self.ritrova().await?;
        }
        // Left out while the statement runs: dropped half-way, it must not be used again.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => PgConnection::connect_with(&self.options).await?,
        };
        let mut testa = self.testa;
        let (mut istanti, mut record, mut impronte) = (
            Vec::with_capacity(batch.len()),
            Vec::with_capacity(batch.len()),
            Vec::with_capacity(batch.len()),
        );
        for voce in batch {
            let text = record::intero(self.catena, testa.numero + 1, &voce.coda);
            testa = Testa {
                numero: testa.numero + 1,
                impronta: testa.impronta.dopo(&text),
            };
            istanti.push(voce.istante);
            record.push(text);
            impronte.push(testa.impronta.0.to_vec());
        }
        let written = sqlx::query(
            "with testa as (
                 update audit_catena set numero = $2, impronta = $3
                 where catena = $1 and numero = $4
                 returning catena
             )
             insert into audit_registro (catena, numero, istante, record, impronta)
             select testa.catena, $4 + voce.posto, voce.istante, voce.record, voce.impronta
             from testa, unnest($5::timestamptz[], $6::text[], $7::bytea[])
                  with ordinality as voce (istante, record, impronta, posto)",
        )
        .bind(self.catena)
        .bind(testa.numero)
        .bind(testa.impronta.0.as_slice())
        .bind(self.testa.numero)
        .bind(istanti)
        .bind(record)
        .bind(impronte)
        .execute(&mut connection)
        .await?
        .rows_affected();
        if usize::try_from(written) != Ok(batch.len()) {
            return Err(sqlx::Error::Protocol(format!(
                "chain {} is not where its writer left it: somebody else wrote it",
                self.catena
            )));
        }
        let prima = self.testa.numero + 1;
        self.testa = testa;
        self.connection = Some(connection);
        Ok(prima)
    }
}

async fn testa(connection: &mut PgConnection, catena: i64) -> Result<Testa, sqlx::Error> {
    let (numero, impronta): (i64, Vec<u8>) =
        sqlx::query_as("select numero, impronta from audit_catena where catena = $1")
            .bind(catena)
            .fetch_one(connection)
            .await?;
    let impronta = Impronta::from_slice(&impronta)
        .ok_or_else(|| sqlx::Error::Protocol("an impronta is not of 32 bytes".to_owned()))?;
    Ok(Testa { numero, impronta })
}
