//! Reading several things as they are at one moment.

use sqlx::{PgPool, Postgres, Transaction};

/// A transaction that only reads, and sees what was committed when its first query began.
///
/// # Errors
/// The database's.
pub async fn repeatable_read(pool: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    let mut tx = pool.begin().await?;
    sqlx::query("set transaction isolation level repeatable read, read only")
        .execute(&mut *tx)
        .await?;
    Ok(tx)
}
