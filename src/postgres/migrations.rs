//! The migrations, for the schema that they are to make.
//!
//! Most of them name nothing but tables, which the search path of the connection places. Some name the schema, where a
//! function must not go by the path of its caller; and they say `public`, which is what it was for all of them when they were
//! written. For another schema those places get its name. The checksum stays that of the file, so a migration is the same
//! one whatever its schema is called.

use std::sync::LazyLock;

use sqlx::{
    AssertSqlSafe, SqlSafeStr as _, SqlStr,
    migrate::{Migration, MigrationType, Migrator},
};

use super::namespace::SchemaName;

/// Version, description and text of the files of `migrations/`; build.rs writes it.
const FILES: &[(i64, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// As `sqlx::migrate!` would make it, which builds sqlx, its TLS included, a second time for the compiler.
pub(super) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let files = FILES.iter().map(|&(version, description, sql)| {
        let sql = SqlStr::from_static(sql);
        Migration::new(
            version,
            description.into(),
            MigrationType::Simple,
            sql,
            false,
        )
    });
    Migrator::with_migrations(files.collect())
});

/// How the files write the schema, where they do. `public` alone is the role of everybody.
const MENTIONS: [(&str, &str); 3] = [
    ("public.", "{schema}."),
    ("schema public ", "schema {schema} "),
    (", public,", ", {schema},"),
];

/// What brings this schema up to date.
pub(super) fn migrator(schema: &SchemaName) -> Migrator {
    Migrator::with_migrations(MIGRATIONS.iter().map(|m| placed(m, schema)).collect())
}

fn placed(migration: &Migration, schema: &SchemaName) -> Migration {
    if schema.is_default() {
        return migration.clone();
    }
    let mut sql = migration.sql.as_str().to_owned();
    for (theirs, ours) in MENTIONS {
        sql = sql.replace(theirs, &ours.replace("{schema}", &schema.quoted()));
    }
    Migration {
        // A text of ours, with the name of a schema in it that is a plain identifier.
        sql: AssertSqlSafe(sql).into_sql_str(),
        ..migration.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sqlx::migrate::Migrator;

    use super::{MIGRATIONS, SchemaName, placed};

    #[tokio::test]
    async fn each_is_what_sqlx_reads_from_its_file() {
        let read = Migrator::new(Path::new("migrations")).await.unwrap();
        let told = |m: &Migrator| -> Vec<String> {
            let files = m.iter().map(|m| {
                let (sql, kind) = (m.sql.as_str(), m.migration_type);
                format!(
                    "{} {} {kind:?} {} {:?} {sql}",
                    m.version, m.description, m.no_tx, m.checksum
                )
            });
            files.collect()
        };
        assert_eq!(told(&MIGRATIONS), told(&read));
    }

    /// A migration that writes the schema in a way that is not known here fails this.
    #[test]
    fn what_is_left_of_public_is_everybody() {
        let schema = SchemaName::parse("dati").unwrap();
        let mut changed = 0;
        for migration in MIGRATIONS.iter() {
            let there = placed(migration, &schema);
            assert_eq!(there.checksum, migration.checksum);
            changed += usize::from(there.sql.as_str() != migration.sql.as_str());
            let everybody = ["from public", "to public", "'public'"]
                .iter()
                .fold(there.sql.as_str().to_owned(), |sql, word| {
                    sql.replace(word, "")
                });
            assert!(!everybody.contains("public"), "{}", migration.description);
            let at_home = placed(migration, &SchemaName::default());
            assert_eq!(at_home.sql.as_str(), migration.sql.as_str());
        }
        assert!(changed >= 3, "{changed}");
    }
}
