//! The lock of a load.

use sqlx::PgConnection;

/// Of the advisory lock that keeps loads apart, and tells those who serve that one is under way. Any number will do that nobody
/// else takes.
pub(super) const LOCK: i64 = 0x4f4d_4e49_415f_4953;

/// Takes the lock for this transaction, if nobody else has it.
pub(super) async fn lock(conn: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar("select pg_try_advisory_xact_lock($1)")
        .bind(LOCK)
        .fetch_one(conn)
        .await
}
