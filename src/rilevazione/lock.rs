//! One load at a time: the lock, what holds for the transaction that has it, and how those who serve are told of it.

use std::time::Duration;

use sqlx::PgConnection;

use super::outcome::LoadError;

/// Of the advisory lock that keeps loads apart, and tells those who serve that one is under way. Any number will do that nobody
/// else takes.
pub(super) const LOCK: i64 = 0x4f4d_4e49_415f_4953;
/// The least between the lock of a load and its commit: whatever an instance knew before the lock is too old to go by at the commit
/// ([`super::register`]).
pub(super) const NOTICE: Duration = Duration::from_millis(300);

/// Takes the lock for this transaction, if it is free.
pub(super) async fn lock(conn: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar("select pg_try_advisory_xact_lock($1)")
        .bind(LOCK)
        .fetch_one(conn)
        .await
}

/// Takes the lock and sets what holds for this transaction.
pub(super) async fn prepare(conn: &mut PgConnection) -> Result<(), LoadError> {
    if !lock(conn).await? {
        return Err(LoadError::InProgress);
    }
    for setting in [
        // Sorts and hashes of the merge, and the indexes built after it: in memory up to here.
        "set local work_mem = '128MB'",
        "set local maintenance_work_mem = '256MB'",
        // The joins of the merge are of the whole extract with whole tables. The planner takes an index that has the
        // first columns of the key for a help, and then compares each row with all those of its decree.
        "set local enable_mergejoin = off",
        "set local enable_nestloop = off",
        "set local jit = off",
        // For those who run it on millions of rows.
        "set local statement_timeout = 0",
        // When the loader dies, its lock does not wait for the statement that runs to end.
        "set local client_connection_check_interval = '1s'",
    ] {
        sqlx::query(setting).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Whether a load holds its lock.
pub(super) async fn load_in_progress(conn: &mut PgConnection) -> sqlx::Result<bool> {
    // As pg_locks has a key of 64 bits: in two halves.
    let key = LOCK.cast_unsigned();
    sqlx::query_scalar(
        "select exists (
             select from pg_locks
             where locktype = 'advisory'
               and database = (select oid from pg_database where datname = current_database())
               and classid = $1::bigint::oid
               and objid = $2::bigint::oid
               and objsubid = 1
               and granted)",
    )
    .bind((key >> 32).cast_signed())
    .bind((key & 0xffff_ffff).cast_signed())
    .fetch_one(conn)
    .await
}
