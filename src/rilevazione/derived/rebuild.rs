//! `omnia derived rebuild`: all that is derived of a norm, from its rows.

use sqlx::{Connection as _, PgConnection, PgPool};

use super::{
    Derivation, DerivedDefect,
    norms::norms,
    pass,
    version::{starts, versions},
};
use crate::rilevazione::{
    control::Noted,
    lock::{LOCK, prepare},
    outcome::LoadError,
};

/// What was made of a norm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MadeCounts {
    /// Blocks.
    pub blocks: u64,
    /// Rows, of all its versions.
    pub rows: u64,
}

/// Makes what is derived of these norms again, norm after norm, each in one transaction; without any, of all. `done` is told
/// of each. An export under way goes on: where its blocks are gone it finds the new ones, which end where those ended.
///
/// What is left is what cannot be made again: rows that are not those of their load. With `accept_rows` they are taken as they are.
///
/// # Errors
/// [`LoadError::InProgress`] while a load runs; the database's.
pub async fn rebuild(
    pool: &PgPool,
    derivations: &[Box<dyn Derivation>],
    normative: &[String],
    accept_rows: bool,
    done: impl FnMut(&str, MadeCounts),
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
    let left = locked(&mut conn, derivations, normative, accept_rows, done).await?;
    // At once, and not when the server has seen that the session ended.
    sqlx::query("select pg_advisory_unlock($1)")
        .bind(LOCK)
        .execute(&mut *conn)
        .await?;
    Ok(left)
}

async fn locked(
    conn: &mut PgConnection,
    derivations: &[Box<dyn Derivation>],
    normative: &[String],
    accept_rows: bool,
    mut done: impl FnMut(&str, MadeCounts),
) -> Result<Vec<DerivedDefect>, LoadError> {
    let (mut made, mut noted) = (Vec::new(), Vec::new());
    for normativa in norms(conn, derivations).await? {
        if !normative.is_empty() && !normative.contains(&normativa) {
            continue;
        }
        let mut tx = conn.begin().await?;
        prepare(&mut tx).await?;
        let (counts, of_norm) = norm(&mut tx, derivations, &normativa).await?;
        tx.commit().await?;
        done(&normativa, counts);
        noted.extend(of_norm);
        made.push(normativa);
    }
    let mut tx = conn.begin().await?;
    let mut left = Vec::new();
    for derivation in derivations {
        let of_it = derivation.after_rebuild(&mut tx, &made, &noted, accept_rows);
        left.extend(of_it.await?);
    }
    tx.commit().await?;
    Ok(left)
}

/// All versions of a norm.
async fn norm(
    conn: &mut PgConnection,
    derivations: &[Box<dyn Derivation>],
    normativa: &str,
) -> sqlx::Result<(MadeCounts, Vec<Noted>)> {
    for derivation in derivations {
        derivation.clear(conn, normativa).await?;
    }
    let (mut counts, mut noted) = (MadeCounts::default(), Vec::new());
    for version in versions(normativa, &starts(conn, normativa).await?) {
        let (sums, blocks) = pass::keep(conn, derivations, &version).await?;
        counts.blocks += blocks;
        counts.rows += sums.rows();
        noted.extend(sums.noted(&version).map_err(sqlx::Error::decode)?);
    }
    Ok((counts, noted))
}
