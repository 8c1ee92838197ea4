//! The schema: the migrations are in the program, and it serves no database that differs from them.
//!
//! They are in one schema of the database (`database.schema`), and everything of this program is there: a second set of the same
//! tables in another schema of the database is refused, since it would be unclear which of the two a load or a grant went to.

use std::collections::HashMap;

use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection,
    migrate::{Migrate as _, Migrator},
};

use super::{
    migrations::{MIGRATIONS, migrator},
    namespace::SchemaName,
    pool::DatabaseConnections,
};
use crate::error::Sentence;

/// Brings the schema up to date and tells which migrations that took, by number and name. Two processes that do so at once
/// take turns, and each tells what it ran itself.
///
/// # Errors
/// A sentence: no connection, a server or a schema that will not do, a migration that failed (nothing of it stays), or a
/// database that another version of the program has migrated.
pub async fn migrate(owner: &DatabaseConnections) -> Result<Vec<String>, Sentence> {
    let failed = |error: &dyn std::fmt::Display| format!("cannot migrate the database: {error}");
    let schema = owner.schema();
    let mut connection = owner.checked().await.map_err(|error| failed(&error))?;
    // Ours until the connection ends, around the migrator's own, so that no other process migrates between the two looks.
    connection.lock().await.map_err(|error| failed(&error))?;
    only_here(&mut connection, schema)
        .await
        .map_err(|error| failed(&error))??;
    let before = applied(&mut connection, schema)
        .await
        .map_err(|error| failed(&error))?;
    let migrator: Migrator = migrator(schema);
    migrator
        .run(&mut connection)
        .await
        .map_err(|error| failed(&error))?;
    let after = applied(&mut connection, schema)
        .await
        .map_err(|error| failed(&error))?;
    open_to_others(&mut connection, schema)
        .await
        .map_err(|error| failed(&error))?;
    connection.close().await.map_err(|error| failed(&error))?;
    Ok(MIGRATIONS
        .iter()
        .filter(|m| after.contains_key(&m.version) && !before.contains_key(&m.version))
        .map(|m| format!("{} {}", m.version, m.description))
        .collect())
}

/// Checks that the database has exactly the migrations of this program, whole, and that its server is one to work with.
///
/// # Errors
/// A sentence that says what to do.
pub async fn check_schema(connections: &DatabaseConnections) -> Result<(), Sentence> {
    let failed = |error: &dyn std::fmt::Display| {
        format!("cannot read the state of the database's schema: {error}")
    };
    let schema = connections.schema();
    let mut connection = connections
        .checked()
        .await
        .map_err(|error| failed(&error))?;
    only_here(&mut connection, schema)
        .await
        .map_err(|error| failed(&error))??;
    let applied = applied(&mut connection, schema)
        .await
        .map_err(|error| failed(&error))?;
    open_to_others(&mut connection, schema)
        .await
        .map_err(|error| failed(&error))?;
    connection.close().await.map_err(|error| failed(&error))?;
    judge(&applied, schema).map_err(Sentence::from)
}

/// Looks for the same tables in another schema.
async fn only_here(
    connection: &mut PgConnection,
    schema: &SchemaName,
) -> Result<Result<(), Sentence>, sqlx::Error> {
    let elsewhere: Vec<String> = sqlx::query_scalar(
        "select n.nspname::text from pg_namespace n
         where n.nspname <> $1 and n.nspname !~ '^pg_'
           and (select count(*) from pg_class c
                where c.relnamespace = n.oid and c.relkind in ('r', 'p')
                  and c.relname in ('_sqlx_migrations', 'abilitazione', 'dettaglio_decreto', 'rilevazione')) = 4
         order by 1",
    )
    .bind(schema.as_str())
    .fetch_all(connection)
    .await?;
    let Some(other) = elsewhere.first() else {
        return Ok(Ok(()));
    };
    Ok(Err(format!(
        "the database has the tables of this program in the schema {other:?} too, and database.schema says {:?}: what was \
         loaded or granted may be in either. Set database.schema to the one that has the data, and move the other out of the \
         way (`drop schema {other} cascade` once you are sure that nothing in it is needed)",
        schema.as_str()
    )
    .into()))
}

/// Who may make objects in the schema can put a function there that a statement of the owner's takes for another.
async fn open_to_others(
    connection: &mut PgConnection,
    schema: &SchemaName,
) -> Result<(), sqlx::Error> {
    let open: bool = sqlx::query_scalar("select has_schema_privilege('public', $1, 'CREATE')")
        .bind(schema.as_str())
        .fetch_one(connection)
        .await?;
    if open {
        tracing::warn!(
            %schema,
            "everybody may make objects in the schema of the tables: its owner should run `revoke create on schema {schema} \
             from public`"
        );
    }
    Ok(())
}

/// What has been done of a migration.
type Applied = HashMap<i64, (Vec<u8>, bool)>;

fn judge(applied: &Applied, schema: &SchemaName) -> Result<(), String> {
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
            "{pending} of {total} migrations have not been run in the schema {schema} of the database: run `omnia migrate` as its \
             owner (database.owner_url)"
        ));
    }
    Ok(())
}

async fn applied(
    connection: &mut PgConnection,
    schema: &SchemaName,
) -> Result<Applied, sqlx::Error> {
    // By its whole name: what another schema has is not ours.
    let table = format!("{}._sqlx_migrations", schema.quoted());
    if !sqlx::query_scalar::<_, bool>("select to_regclass($1) is not null")
        .bind(&table)
        .fetch_one(&mut *connection)
        .await?
    {
        return Ok(Applied::new());
    }
    let select = format!("select version, checksum, success from {table}");
    let rows: Vec<(i64, Vec<u8>, bool)> = sqlx::query_as(AssertSqlSafe(select))
        .fetch_all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(version, checksum, success)| (version, (checksum, success)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::{Applied, MIGRATIONS, SchemaName, judge};

    #[test]
    fn every_difference_has_its_sentence() {
        let whole: Applied = MIGRATIONS
            .iter()
            .map(|m| (m.version, (m.checksum.to_vec(), true)))
            .collect();
        let some = *whole.keys().min().unwrap();
        let schema = SchemaName::default();
        assert_eq!(judge(&whole, &schema), Ok(()));
        let spoilt = |spoil: &dyn Fn(&mut Applied)| {
            let mut applied = whole.clone();
            spoil(&mut applied);
            judge(&applied, &schema).unwrap_err()
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
