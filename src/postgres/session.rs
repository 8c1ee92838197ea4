//! What a connection is set to before its first use.
//!
//! ```text
//! connect ──► set what this program relies on ──► ask the server, in another transaction, what is in force
//!                                                   ├── all of it, on a primary, 14 or later ──► the connection is used
//!                                                   └── anything else ──► Refusal, a sentence ──► it is closed
//! ```
//!
//! Settings are set after the connection is there and not sent with its start: a pooler refuses or drops what it does not know of
//! a start (`options`), and what a role or a database sets by itself would otherwise win. They are asked for again in a
//! transaction of its own: a pooler that lends a server for one transaction forgets them in between.
//!
//! A server in recovery is a standby: it answers, with what it had a moment or an hour ago, and takes no record. A grant that was
//! suspended would go on working there.

use std::{io, time::Duration};

use sqlx::{Connection as _, PgConnection, Row as _, postgres::PgConnectOptions};

use super::{namespace::SchemaName, release::CHECK_INTERVAL, side_connections::SideConnections};

/// How long a statement of a serving connection may run unless its transaction sets another (an export does).
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);
/// The oldest server that runs the migrations.
pub(super) const OLDEST_MAJOR: u32 = 14;

/// Why a server is not the one to work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum SessionRefusal {
    #[error(
        "the server is a standby (in recovery): what it has may be old, and it takes no writes. Connect to the primary"
    )]
    Standby,
    #[error(
        "the server is PostgreSQL {0}, and this program needs {OLDEST_MAJOR} or later: upgrade the server"
    )]
    TooOld(String),
    #[error(
        "the database has no schema {0:?} (database.schema), or this role may not use it: run `create schema {0} \
         authorization OWNER` on it, and `grant usage on schema {0}` to the role"
    )]
    NoSchema(String),
    #[error(
        "the setting {name} of a connection does not last: it was set to {asked:?} and is {found:?}. There is a pooler between \
         this program and PostgreSQL that does not keep a session: let it (pgbouncer: pool_mode = session), or go \
         around it"
    )]
    Lost {
        name: &'static str,
        asked: String,
        found: String,
    },
    #[error(
        "two connections have the same server process in turn: there is a pooler between this program and PostgreSQL that lends \
         servers for single transactions (pool_mode = transaction or statement). Settings, locks and notifications are lost \
         there: use pool_mode = session, or go around it"
    )]
    Shared,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error(transparent)]
    Refused(#[from] SessionRefusal),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<ConnectError> for sqlx::Error {
    fn from(error: ConnectError) -> Self {
        match error {
            // A call sees it as an unreachable server.
            ConnectError::Refused(refusal) => Self::Io(io::Error::other(refusal)),
            ConnectError::Database(error) => error,
        }
    }
}

/// What a kind of connection relies on.
#[derive(Debug, Clone)]
pub(super) struct Session {
    name: &'static str,
    schema: SchemaName,
    names: Vec<&'static str>,
    values: Vec<String>,
}

impl Session {
    /// Of the owner, who migrates, loads and grants. A load's statements take as long as its rows need.
    pub(super) fn owner(schema: &SchemaName) -> Self {
        Self::new("omnia-owner", schema, false, "auto", "0")
    }

    /// Of the calls: they read.
    pub(super) fn calls(schema: &SchemaName) -> Self {
        // The skew of the data is in the parameters: a plan made for any value is good for none.
        Self::serving("omnia", schema, false, "force_custom_plan")
    }

    /// Of a pool beside the calls.
    pub(super) fn beside(schema: &SchemaName, side: SideConnections) -> Self {
        Self::serving(side.name(), schema, side.writes(), "force_custom_plan")
    }

    /// Of the writer of the audit log: one statement, again and again, whose plan does not hang on its values.
    pub(super) fn audit(schema: &SchemaName) -> Self {
        Self::serving("omnia-audit", schema, true, "force_generic_plan")
    }

    fn serving(name: &'static str, schema: &SchemaName, writes: bool, plans: &str) -> Self {
        let timeout = format!("{}ms", STATEMENT_TIMEOUT.as_millis());
        Self::new(name, schema, !writes, plans, &timeout)
    }

    fn new(
        name: &'static str,
        schema: &SchemaName,
        read_only: bool,
        plans: &str,
        timeout: &str,
    ) -> Self {
        let read_only = if read_only { "on" } else { "off" };
        let settings = [
            ("search_path", schema.search_path()),
            ("TimeZone", "UTC".to_owned()),
            ("default_transaction_read_only", read_only.to_owned()),
            // What the rules of the tables (four eyes, one grant a day) are written for.
            ("default_transaction_isolation", "read committed".to_owned()),
            ("plan_cache_mode", plans.to_owned()),
            ("statement_timeout", timeout.to_owned()),
            ("idle_in_transaction_session_timeout", timeout.to_owned()),
            (
                "client_connection_check_interval",
                CHECK_INTERVAL.to_owned(),
            ),
        ];
        let (names, values) = settings.into_iter().unzip();
        Self {
            name,
            schema: schema.clone(),
            names,
            values,
        }
    }

    /// How to connect: what needs to be in the start, and nothing that a pooler does not know.
    pub(super) fn options(&self, options: &PgConnectOptions) -> PgConnectOptions {
        options
            .clone()
            .application_name(self.name)
            // Only floats would need it, and there are none.
            .extra_float_digits(None)
    }

    /// A connection outside any pool.
    pub(super) async fn connect(
        &self,
        options: &PgConnectOptions,
    ) -> Result<PgConnection, ConnectError> {
        let mut connection = open(&self.options(options)).await?;
        self.prepare(&mut connection).await?;
        Ok(connection)
    }

    /// Sets what is to hold, and finds out whether it does.
    pub(super) async fn prepare(&self, connection: &mut PgConnection) -> Result<(), ConnectError> {
        match self.set(connection).await {
            // A statement that was prepared a moment ago is not there, or is there already: the server is another.
            Err(ConnectError::Database(sqlx::Error::Database(error)))
                if matches!(error.code().as_deref(), Some("26000" | "42P05")) =>
            {
                Err(SessionRefusal::Shared.into())
            }
            outcome => outcome,
        }
    }

    async fn set(&self, connection: &mut PgConnection) -> Result<(), ConnectError> {
        // As Postgres spells them: 30000ms is 30s.
        let set: Vec<String> = sqlx::query_scalar(
            "select set_config(s.name, s.value, false)
             from unnest($1::text[], $2::text[]) with ordinality as s (name, value, place)
             -- A server that is too old for it is to be told so, and not to fail here.
             where s.name <> 'client_connection_check_interval' or current_setting('server_version_num')::integer >= 140000
             order by s.place",
        )
        .bind(&self.names)
        .bind(&self.values)
        .persistent(false)
        .fetch_all(&mut *connection)
        .await?;
        let found = sqlx::query(
            "select current_setting('server_version_num')::integer / 10000 as major,
                    current_setting('server_version') as version,
                    pg_is_in_recovery() as standby,
                    coalesce((select has_schema_privilege(n.oid, 'USAGE')
                              from pg_namespace n where n.nspname = $2), false) as schema,
                    array(select coalesce(current_setting(s.name, true), '')
                          from unnest($1::text[]) with ordinality as s (name, place) order by s.place) as settings",
        )
        .bind(&self.names)
        .bind(self.schema.as_str())
        .persistent(false)
        .fetch_one(connection)
        .await?;
        let found = Found {
            major: found.try_get("major")?,
            version: found.try_get("version")?,
            standby: found.try_get("standby")?,
            schema: found.try_get("schema")?,
            settings: found.try_get("settings")?,
        };
        Ok(self.judge(&set, &found)?)
    }

    fn judge(&self, set: &[String], found: &Found) -> Result<(), SessionRefusal> {
        if found.major < i32::try_from(OLDEST_MAJOR).unwrap_or(i32::MAX) {
            return Err(SessionRefusal::TooOld(found.version.clone()));
        }
        if found.standby {
            return Err(SessionRefusal::Standby);
        }
        let settings = self.names.iter().zip(set).zip(&found.settings);
        for ((name, asked), found) in settings {
            if asked != found {
                return Err(SessionRefusal::Lost {
                    name,
                    asked: asked.clone(),
                    found: found.clone(),
                });
            }
        }
        // A schema that is not there, or may not be used, is left out of the path without a word.
        if !found.schema {
            return Err(SessionRefusal::NoSchema(self.schema.to_string()));
        }
        Ok(())
    }
}

/// What a server said.
#[derive(Debug, Clone)]
struct Found {
    major: i32,
    version: String,
    standby: bool,
    schema: bool,
    settings: Vec<String>,
}

/// A connection of which nothing is known yet. The one place that makes one.
#[allow(clippy::disallowed_methods)]
pub(super) async fn open(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    PgConnection::connect_with(options).await
}

#[cfg(test)]
mod tests {
    use super::{Found, Session, SessionRefusal};
    use crate::postgres::SchemaName;

    /// A session, what it was told was set, and a server with which all is well.
    fn good() -> (Session, Vec<String>, Found) {
        let session = Session::calls(&SchemaName::parse("dati").unwrap());
        let set = session.values.clone();
        let found = Found {
            major: 14,
            version: "14.0".to_owned(),
            standby: false,
            schema: true,
            settings: set.clone(),
        };
        (session, set, found)
    }

    #[test]
    fn a_server_older_than_14_is_refused_whatever_else_it_is() {
        let (session, set, mut found) = good();
        assert_eq!(session.judge(&set, &found), Ok(()));
        (found.major, found.version, found.standby) = (13, "13.23 (Debian)".to_owned(), true);
        let refusal = session.judge(&set, &found).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "the server is PostgreSQL 13.23 (Debian), and this program needs 14 or later: upgrade the server"
        );
    }

    #[test]
    fn a_standby_is_refused() {
        let (session, set, mut found) = good();
        found.standby = true;
        assert_eq!(session.judge(&set, &found), Err(SessionRefusal::Standby));
    }

    #[test]
    fn each_setting_that_is_not_in_force_is_named() {
        let (session, set, found) = good();
        for (place, name) in session.names.iter().enumerate() {
            let mut found = found.clone();
            found.settings[place] = "other".to_owned();
            let refusal = session.judge(&set, &found).unwrap_err().to_string();
            assert!(
                refusal.contains(name) && refusal.contains("pool_mode = session"),
                "{refusal}"
            );
        }
    }

    #[test]
    fn a_schema_that_is_not_there_is_refused() {
        let (session, set, mut found) = good();
        found.schema = false;
        let refusal = session.judge(&set, &found).unwrap_err().to_string();
        assert!(refusal.contains("create schema dati"), "{refusal}");
    }
}
