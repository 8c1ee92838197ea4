//! `omnia derived rebuild`: all that is derived of a norm, from its rows.

use sqlx::{Connection as _, PgConnection, PgPool};

use super::{DerivedDefect, norms, starts, totals, versions};
use crate::{
    blocks::series::{BlockCounts, build},
    rilevazione::{control::Noted, load::prepare, load_lock::LOCK, outcome::LoadError},
};

/// Makes what is derived of these norms again, norm after norm, each in one transaction; without any, of all. `fatto` is told
/// of each. An export under way goes on: where its blocks are gone it finds the new ones, which end where those ended.
///
/// What is left is what cannot be made again: rows that are not those of their load. With `accept_rows` they are taken as they are.
///
/// # Errors
/// [`LoadError::InProgress`] while a load runs; the database's.
pub async fn rebuild(
    pool: &PgPool,
    normative: &[String],
    righe_per_blocco: u32,
    accept_rows: bool,
    fatto: impl FnMut(&str, BlockCounts),
) -> Result<Vec<DerivedDefect>, LoadError> {
    let mut conn = pool.acquire().await?;
    // Whatever happens, the lock ends with the session.
    conn.close_on_drop();
    // No load between two norms.
    let free: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
        .bind(LOCK)
        .fetch_one(&mut *conn)
        .await?;
    if !free {
        return Err(LoadError::InProgress);
    }
    let left = locked(&mut conn, normative, righe_per_blocco, accept_rows, fatto).await?;
    // At once, and not when the server has seen that the session ended.
    sqlx::query("select pg_advisory_unlock($1)")
        .bind(LOCK)
        .execute(&mut *conn)
        .await?;
    Ok(left)
}

async fn locked(
    conn: &mut PgConnection,
    normative: &[String],
    righe_per_blocco: u32,
    accept_rows: bool,
    mut fatto: impl FnMut(&str, BlockCounts),
) -> Result<Vec<DerivedDefect>, LoadError> {
    let (mut done, mut made) = (Vec::new(), Vec::new());
    for normativa in norms(conn).await? {
        if !normative.is_empty() && !normative.contains(&normativa) {
            continue;
        }
        let mut tx = conn.begin().await?;
        prepare(&mut tx).await?;
        let (fatti, noted) = norm(&mut tx, &normativa, righe_per_blocco).await?;
        tx.commit().await?;
        fatto(&normativa, fatti);
        made.extend(noted);
        done.push(normativa);
    }
    let mut tx = conn.begin().await?;
    let difetti = totals::settle(&mut tx, &done, made, accept_rows).await?;
    tx.commit().await?;
    Ok(difetti)
}

/// Blocks, batches and sums by day of a norm; its control totals, which are not written.
async fn norm(
    conn: &mut PgConnection,
    normativa: &str,
    righe_per_blocco: u32,
) -> sqlx::Result<(BlockCounts, Vec<Noted>)> {
    for statement in [
        "delete from serie where normativa = $1",
        "delete from somma_giorno where normativa = $1",
    ] {
        sqlx::query(statement)
            .bind(normativa)
            .execute(&mut *conn)
            .await?;
    }
    let (mut fatti, mut noted) = (BlockCounts::default(), Vec::new());
    for (dal, al) in versions(&starts(conn, normativa).await?) {
        let (serie, somme) = build(conn, normativa, dal, al, righe_per_blocco).await?;
        noted.extend(
            somme
                .noted(normativa, dal, al)
                .map_err(sqlx::Error::decode)?,
        );
        somme.write(conn, normativa, dal).await?;
        fatti.blocks += serie.blocks;
        fatti.rows += serie.rows;
    }
    Ok((fatti, noted))
}
