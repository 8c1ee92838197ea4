//! `omnia load withdraw`: the newest rilevazione is taken out of the way.
//!
//! Say that the second extract was loaded with a day that is yet to come for the others:
//!
//! | | latest | the next load |
//! | --- | --- | --- |
//! | 1 as of 31 January, 2 as of 31 December | 2 | must not be before 31 December |
//! | 2 is withdrawn | 1 | must not be before 31 January, and is rilevazione 3 |
//!
//! Withdrawn, 2 is never the latest again; by its number it answers as before, and every answer says that it is withdrawn. Nothing of
//! its rows changes: a row says in which rilevazioni it holds, by number, and what 3 holds is written as what differs from 2, whatever
//! is thought of 2. Only what a load tells, what is new, changed and dropped, is told in comparison with 1.
//!
//! Only the newest that is not withdrawn yet can be: one after the other, as they were loaded, all can be. Who did it, when and why is
//! kept in the table `ritiro`, which is append-only as the steps of grants are, and in the audit log.

use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::time::{Instant, sleep_until};

use super::{
    list::{Rilevazione, latest},
    lock::{NOTICE, lock},
};
use crate::{
    abilitazione::grants::{MotivoAa07, Operatore},
    audit::AuditLog,
    clock::Clock,
    error::Error,
};

/// Why a rilevazione cannot be withdrawn. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    /// A load runs, or another withdrawal.
    #[error("a load is in progress; try again when it has ended")]
    InProgress,
    /// There is none with this number.
    #[error("there is no rilevazione {0}")]
    Unknown(i32),
    /// It is already.
    #[error("rilevazione {0} is withdrawn already")]
    Already(i32),
    /// Others came after it.
    #[error("rilevazione {numero} is not the latest, {ultima} is: the latest is withdrawn first")]
    NotLatest {
        /// The one that was named.
        numero: i32,
        /// The latest that is not withdrawn.
        ultima: i32,
    },
    /// The audit log does not take it.
    #[error("it cannot be recorded in the audit log: {0}")]
    Audit(#[source] Error),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

/// Withdraws a rilevazione, and gives the one that is the latest from now on; `None`: there is no other. `pool` is the owner's.
///
/// # Errors
/// See [`WithdrawError`].
pub async fn withdraw(
    pool: &PgPool,
    audit: &AuditLog,
    clock: &Clock,
    numero: i32,
    operatore: &Operatore,
    motivo: &MotivoAa07,
) -> Result<Option<Rilevazione>, WithdrawError> {
    let mut conn = pool.acquire().await?;
    let mut tx = conn.begin().await?;
    let done = in_transaction(&mut tx, audit, clock, numero, operatore, motivo).await;
    if done.is_ok() {
        tx.commit().await?;
    } else {
        // At once, and not when the connection is used again: the lock is free for the next try.
        let _ = tx.rollback().await;
    }
    done
}

async fn in_transaction(
    conn: &mut PgConnection,
    audit: &AuditLog,
    clock: &Clock,
    numero: i32,
    operatore: &Operatore,
    motivo: &MotivoAa07,
) -> Result<Option<Rilevazione>, WithdrawError> {
    if !lock(conn).await? {
        return Err(WithdrawError::InProgress);
    }
    let annunciata = Instant::now();
    is_latest(conn, numero).await?;
    sqlx::query(
        "insert into ritiro (rilevazione, istante, operatore, motivo, ultima_caricata)
         select $1, $2, $3, $4, max(numero) from rilevazione",
    )
    .bind(numero)
    .bind(clock.now())
    .bind(operatore.name())
    .bind(motivo.as_str())
    .execute(&mut *conn)
    .await?;
    audit
        .withdrawal(numero, operatore.name(), motivo.as_str())
        .await
        .map_err(WithdrawError::Audit)?;
    let rimasta = latest(&mut *conn).await?;
    // As a load does: every instance has seen the lock before the latest is another.
    sleep_until(annunciata + NOTICE).await;
    Ok(rimasta)
}

async fn is_latest(conn: &mut PgConnection, numero: i32) -> Result<(), WithdrawError> {
    let known: Option<bool> = sqlx::query_scalar(
        "select exists (select from ritiro where rilevazione = numero) from rilevazione where numero = $1",
    )
    .bind(numero)
    .fetch_optional(&mut *conn)
    .await?;
    match known {
        None => return Err(WithdrawError::Unknown(numero)),
        Some(true) => return Err(WithdrawError::Already(numero)),
        Some(false) => {}
    }
    match latest(conn).await? {
        Some(ultima) if ultima.numero != numero => Err(WithdrawError::NotLatest {
            numero,
            ultima: ultima.numero,
        }),
        _ => Ok(()),
    }
}
