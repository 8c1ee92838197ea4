//! The schema: the migrations are in the program, and it serves no database that differs from them.

use std::collections::HashMap;

use sqlx::{Connection as _, PgConnection, PgPool, migrate::Migrator};

use crate::error::Sentence;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Brings the schema up to date and tells how many migrations that took. Two processes that do so at once take turns.
///
/// # Errors
/// A sentence: no connection, a migration that failed (nothing of it stays), or a database that another version of the
/// program has migrated.
pub async fn migrate(owner: &PgPool) -> Result<usize, Sentence> {
    let failed = |error: sqlx::Error| format!("cannot migrate the database: {error}");
    let mut connection = connect(owner).await.map_err(failed)?;
    let before = applied(&mut connection).await.map_err(failed)?.len();
    MIGRATIONS
        .run(&mut connection)
        .await
        .map_err(|error| format!("cannot migrate the database: {error}"))?;
    let after = applied(&mut connection).await.map_err(failed)?.len();
    connection.close().await.map_err(failed)?;
    Ok(after.saturating_sub(before))
}

/// Checks that the database has exactly the migrations of this program, whole.
///
/// # Errors
/// A sentence that says what to do.
pub async fn check_schema(pool: &PgPool) -> Result<(), Sentence> {
    let failed =
        |error: sqlx::Error| format!("cannot read the state of the database's schema: {error}");
    let mut connection = connect(pool).await.map_err(failed)?;
    let applied = applied(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    judge(&applied).map_err(Sentence::from)
}

/// What has been done of a migration.
type Applied = HashMap<i64, (Vec<u8>, bool)>;

fn judge(applied: &Applied) -> Result<(), String> {
    for version in applied.keys() {
        if !MIGRATIONS.version_exists(*version) {
            return Err(format!(
                "the database has migration {version}, which this program does not know: it is older than the database"
            ));
        }
    }
    let mut pending = 0_usize;
    for migration in MIGRATIONS.iter() {
        let version = migration.version;
        match applied.get(&version) {
            None => pending += 1,
            Some((_, false)) => {
                return Err(format!(
                    "migration {version} of the database was interrupted"
                ));
            }
            Some((checksum, true)) if *checksum != *migration.checksum => {
                return Err(format!(
                    "migration {version} of the database is not this program's: they come from different builds"
                ));
            }
            Some(_) => {}
        }
    }
    if pending > 0 {
        let total = MIGRATIONS.iter().count();
        return Err(format!(
            "{pending} of {total} migrations have not been run on the database: run `omnia migrate` as its owner \
             (database.owner_url)"
        ));
    }
    Ok(())
}

/// A connection outside the pool: a run that fails keeps its advisory lock, which must end with the connection; and a
/// pool tells of a server that is not there only that it waited in vain.
async fn connect(pool: &PgPool) -> Result<PgConnection, sqlx::Error> {
    PgConnection::connect_with(&pool.connect_options()).await
}

async fn applied(connection: &mut PgConnection) -> Result<Applied, sqlx::Error> {
    let exists = "select to_regclass('_sqlx_migrations') is not null";
    if !sqlx::query_scalar::<_, bool>(exists)
        .fetch_one(&mut *connection)
        .await?
    {
        return Ok(Applied::new());
    }
    let rows: Vec<(i64, Vec<u8>, bool)> =
        sqlx::query_as("select version, checksum, success from _sqlx_migrations")
            .fetch_all(connection)
            .await?;
    Ok(rows
        .into_iter()
        .map(|(version, checksum, success)| (version, (checksum, success)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::{Applied, MIGRATIONS, judge};

    #[test]
    fn every_difference_has_its_sentence() {
        let whole: Applied = MIGRATIONS
            .iter()
            .map(|m| (m.version, (m.checksum.to_vec(), true)))
            .collect();
        let some = *whole.keys().min().unwrap();
        assert_eq!(judge(&whole), Ok(()));
        let spoilt = |spoil: &dyn Fn(&mut Applied)| {
            let mut applied = whole.clone();
            spoil(&mut applied);
            judge(&applied).unwrap_err()
        };
        assert!(spoilt(&|a| a.clear()).contains("omnia migrate"));
        assert!(spoilt(&|a| drop(a.remove(&some))).starts_with("1 of "));
        let interrupted = spoilt(&|a| a.get_mut(&some).unwrap().1 = false);
        assert!(interrupted.contains("interrupted"));
        let changed = spoilt(&|a| a.get_mut(&some).unwrap().0[0] ^= 1);
        assert!(changed.contains("different builds"));
        let newer = spoilt(&|a| drop(a.insert(99_999_999_999_999, (Vec::new(), true))));
        assert!(newer.contains("older than the database"));
    }
}
