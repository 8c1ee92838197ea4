//! Finds out whether there is a pooler between this program and the server that lends servers for single transactions.
//!
//! Two connections that are open at the same time have two server processes, unless somebody lends them the same ones in
//! turn. Nothing is set before that is known: a setting would stay on a server that is lent to somebody else next.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::time::timeout;

use super::session::{ConnectError, SessionRefusal, open};

/// A pooler may let a connection wait for a server as long as it likes.
const PATIENCE: Duration = Duration::from_secs(5);

/// Somebody else may be lent servers at the same time, and the two may get their own back by chance: not often.
const ROUNDS: usize = 10;

/// Makes sure that a connection has a server of its own.
///
/// # Errors
/// [`SessionRefusal::Shared`]; the database's.
pub(super) async fn check(options: &PgConnectOptions) -> Result<(), ConnectError> {
    let mut one = open(options).await?;
    let looked = timeout(PATIENCE, async {
        let mut two = open(options).await?;
        let shared = shares(&mut one, &mut two).await?;
        two.close().await?;
        Ok::<_, sqlx::Error>(shared)
    });
    let Ok(shared) = looked.await else {
        let waits =
            "a second connection gets no answer: is the pool of a pooler too small (pool_size)?";
        return Err(sqlx::Error::Protocol(waits.to_owned()).into());
    };
    if shared? {
        return Err(SessionRefusal::Shared.into());
    }
    one.close().await?;
    Ok(())
}

async fn shares(one: &mut PgConnection, two: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let first = [process(one).await?, process(two).await?];
    if first[0] == first[1] {
        return Ok(true);
    }
    for _ in 0..ROUNDS {
        // Each in a transaction, two servers are needed; given back in this order they are lent again in another, whether the
        // last or the first of those at rest is the next to be lent.
        for connection in [&mut *one, &mut *two] {
            match sqlx::raw_sql("begin").execute(connection).await {
                Ok(_) => {}
                // Who lends servers for single statements has no transactions.
                Err(sqlx::Error::Database(_)) => return Ok(true),
                Err(error) => return Err(error),
            }
        }
        let held = [process(one).await?, process(two).await?];
        for connection in [&mut *one, &mut *two] {
            sqlx::raw_sql("commit").execute(connection).await?;
        }
        let again = [process(one).await?, process(two).await?];
        if [held, again] != [first; 2] {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The server process that answers now.
async fn process(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    use sqlx::Row as _;
    // Not prepared: some poolers would lose that too.
    sqlx::raw_sql("select pg_backend_pid()")
        .fetch_one(connection)
        .await?
        .try_get(0)
}
