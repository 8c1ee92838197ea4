//! One load, from the lock to the commit.

use chrono::NaiveDate;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::time::{Instant, sleep_until};

use super::{
    control::Noted,
    derived::{Derivation, make},
    detail_keys::DetailKeys,
    extract::{FilesRead, read},
    finding::{LoadPhase, Observer},
    list::{Rilevazione, latest},
    lock::{NOTICE, prepare},
    merge::{self, MergeResult},
    outcome::{Known, LoadError, LoadOutcome, LoadSummary},
    same::already_loaded,
    sources::LoadSources,
    staging::FindingCounter,
};
use crate::clock::Clock;

/// Loads an extract: all of it, as a new rilevazione, or nothing; and makes what is derived of its rows.
///
/// `pool` is the owner's. The extract's findings go to `observer` as they are found.
///
/// # Errors
/// See [`LoadError`]. Nothing was written.
pub async fn load_extract(
    pool: &PgPool,
    sources: &LoadSources,
    derivations: &[Box<dyn Derivation>],
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<LoadOutcome, LoadError> {
    let (data, oggi) = (sources.data_riferimento, clock.today());
    if data > oggi {
        return Err(LoadError::InFuture { data, oggi });
    }
    let mut conn = pool.acquire().await?;
    // A load that is dropped half-way may leave a COPY open, which the connection's next user would get to know.
    conn.close_on_drop();
    let mut tx = conn.begin().await?;
    let outcome = in_transaction(&mut tx, sources, derivations, clock, observer).await;
    if outcome.is_ok() {
        // Of an extract that is loaded already, its catalogue.
        tx.commit().await?;
    } else {
        // At once, and not when the connection is dropped: the next try must find the lock free. What is
        // left of a broken connection the server rolls back by itself.
        let _ = tx.rollback().await;
    }
    outcome
}

async fn in_transaction(
    conn: &mut PgConnection,
    sources: &LoadSources,
    derivations: &[Box<dyn Derivation>],
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<LoadOutcome, LoadError> {
    prepare(conn).await?;
    let announced = Instant::now();
    let mut counter = FindingCounter {
        observer,
        errors: 0,
        warnings: 0,
    };
    counter.observer.phase(LoadPhase::Reading);
    let mut keys = DetailKeys::new(conn, &sources.decreti).await?;
    let FilesRead {
        catalog,
        rows,
        stanziamenti,
    } = read(conn, sources, &mut keys, &mut counter).await?;
    counter.judge()?;

    let data = sources.data_riferimento;
    if let Some(rilevazione) = already_loaded(conn, data, rows, stanziamenti).await? {
        return Ok(LoadOutcome::AlreadyLoaded(Known {
            rilevazione,
            catalog,
        }));
    }
    let latest = latest(&mut *conn).await?;
    in_order(latest.as_ref(), data)?;

    counter.observer.phase(LoadPhase::Writing);
    let rilevazione = next_number(conn).await?;
    let MergeResult {
        differences,
        normative,
    } = keys.write(conn, rilevazione, &mut counter).await?;
    let noted = make(conn, derivations, rilevazione, &normative).await?;
    // What was written is what differs from the rilevazione before; what is told, what differs from the latest.
    let latest = latest.map_or(0, |latest| latest.numero);
    let differences = if latest == rilevazione - 1 {
        differences
    } else {
        merge::compare(conn, latest).await?
    };
    register(conn, rilevazione, data, clock, derivations, &noted).await?;
    // Not before everybody who serves has seen the lock: a small extract is quicker than they look.
    sleep_until(announced + NOTICE).await;
    Ok(LoadOutcome::Loaded(LoadSummary {
        rilevazione,
        rows,
        added: differences.added,
        changed: differences.changed,
        ended: differences.ended,
        stanziamenti,
        warnings: counter.warnings,
    }))
}

/// Extracts are loaded in the order of their days.
fn in_order(latest: Option<&Rilevazione>, data: NaiveDate) -> Result<(), LoadError> {
    match latest {
        Some(latest) if data < latest.data_riferimento => Err(LoadError::OutOfOrder {
            data,
            ultima: latest.data_riferimento,
            numero: latest.numero,
        }),
        _ => Ok(()),
    }
}

/// A number is given once, also where its rilevazione is withdrawn. Two thousand million loads ahead of the type's end.
async fn next_number(conn: &mut PgConnection) -> sqlx::Result<i32> {
    sqlx::query_scalar("select coalesce(max(numero), 0) + 1 from rilevazione")
        .fetch_one(conn)
        .await
}

/// Lets the rilevazione be, with what was noted of its rows.
async fn register(
    conn: &mut PgConnection,
    rilevazione: i32,
    data: NaiveDate,
    clock: &Clock,
    derivations: &[Box<dyn Derivation>],
    noted: &[Noted],
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into rilevazione (numero, data_riferimento, caricata_il) values ($1, $2, $3)",
    )
    .bind(rilevazione)
    .bind(data)
    .bind(clock.now())
    .execute(&mut *conn)
    .await?;
    for derivation in derivations {
        derivation.after_load(conn, rilevazione, noted).await?;
    }
    Ok(())
}
