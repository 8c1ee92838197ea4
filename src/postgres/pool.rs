//! All connections of a role: the only way to make one.
//!
//! ```text
//! Connections ──┬── pool            the calls, or an operator's command
//!               ├── beside(what)    small pools that calls do not keep waiting
//!               └── audit()         one connection, outside any pool
//! ```
//!
//! A new pool cannot forget what holds on a connection ([`super::session`]): there is one function that makes pools, and clippy
//! refuses the others (`clippy.toml`). A connection that is refused is not handed out: the call that waits for it waits in vain, as for
//! a server that is down, and the log says why once a minute.
//!
//! A connection to a server that becomes a standby breaks, and the next one is refused. Should something between keep it whole, the
//! readers of the grants and of the latest rilevazione find out, a few times a second, and every connection from before is
//! dropped, in all pools: that costs a call nothing.

use std::{
    str::FromStr as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{
    ConnectOptions as _, PgConnection, PgPool, Row as _,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::{Instant, sleep};

use super::{
    namespace::SchemaName,
    pooler,
    release::cancel_what_runs_on,
    session::{ConnectError, Session, SessionRefusal},
    side_connections::SideConnections,
};
use crate::error::Sentence;

/// How long a call waits for a connection before it is told to try again.
const ACQUIRE: Duration = Duration::from_secs(5);
/// How long a call waits for one of the connections beside: it holds up all the calls that need the same.
const SIDE_ACQUIRE: Duration = Duration::from_secs(2);
/// An owner's command is one operator's work: one connection does it, one watches, two are spare.
pub(super) const OWNER_CONNECTIONS: u32 = 4;
/// What an instance has beside the connections of its calls: those of each [`SideConnections`], and the writer of the audit log.
pub(super) const BESIDE: u32 = 11;
/// How long a server that was refused is left alone.
const PAUSE: Duration = Duration::from_millis(200);
/// How often the log repeats why connections are refused.
const REMINDER: Duration = Duration::from_secs(60);

/// The connections of one role to one database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DatabaseConnections {
    inner: Arc<DatabaseConnectionsInner>,
    pool: PgPool,
}

#[derive(Debug)]
struct DatabaseConnectionsInner {
    options: PgConnectOptions,
    schema: SchemaName,
    session: Session,
    state: PoolState,
}

/// What was found of the server.
#[derive(Debug, Default)]
struct PoolState {
    /// A connection that was in use was seen to lead to a standby: those from before do too.
    turned: Mutex<Option<Instant>>,
    /// Why connections are refused, and when the log said so last.
    refused: Mutex<Option<(SessionRefusal, Instant)>>,
}

impl DatabaseConnections {
    /// Of the owner. Connects when first used, so that a database that is down is a failed command and not a failed start.
    #[must_use]
    pub fn owner(options: PgConnectOptions, schema: SchemaName) -> Self {
        let session = Session::owner(&schema);
        // A load's statements take as long as its rows need: the log need not call them slow.
        let options = options.disable_statement_logging();
        Self::new(options, schema, session, OWNER_CONNECTIONS)
    }

    /// Of the role that serves. Whatever role it is given, the connections of its calls do not write.
    #[must_use]
    pub fn serving(options: PgConnectOptions, schema: SchemaName, max_connections: u32) -> Self {
        let session = Session::calls(&schema);
        Self::new(options, schema, session, max_connections)
    }

    fn new(options: PgConnectOptions, schema: SchemaName, session: Session, max: u32) -> Self {
        let inner = Arc::new(DatabaseConnectionsInner {
            options,
            schema,
            session: session.clone(),
            state: PoolState::default(),
        });
        let pool = inner.pool(session, max, ACQUIRE, false);
        Self { inner, pool }
    }

    /// The pool of the calls, or of an owner's command.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// A pool beside that of the calls, of the same role.
    #[must_use]
    pub fn beside(&self, side: SideConnections) -> PgPool {
        let session = Session::beside(&self.inner.schema, side);
        self.inner
            .pool(session, side.connections(), SIDE_ACQUIRE, side.watches())
    }

    /// A connection that writes the audit log.
    ///
    /// # Errors
    /// The database's; an I/O error that says why, where the server is refused.
    pub async fn audit(&self) -> Result<PgConnection, sqlx::Error> {
        let session = Session::audit(&self.inner.schema);
        Ok(session.connect(&self.inner.options).await?)
    }

    /// The schema that has the tables.
    #[must_use]
    pub fn schema(&self) -> &SchemaName {
        &self.inner.schema
    }

    /// A connection outside the pool, after a look at what is between: a pool tells of a server that is not there, or is
    /// refused, only that it waited in vain.
    pub(super) async fn checked(&self) -> Result<PgConnection, ConnectError> {
        let options = self.inner.session.options(&self.inner.options);
        pooler::check(&options).await?;
        self.inner.session.connect(&self.inner.options).await
    }
}

impl DatabaseConnectionsInner {
    /// The one place that makes pools.
    #[allow(clippy::disallowed_methods)]
    fn pool(
        self: &Arc<Self>,
        session: Session,
        max: u32,
        acquire: Duration,
        watches: bool,
    ) -> PgPool {
        let options = session.options(&self.options);
        let (opened, reused) = (Arc::clone(self), Arc::clone(self));
        cancel_what_runs_on(PgPoolOptions::new())
            .max_connections(max)
            .acquire_timeout(acquire)
            // Either asks the server once: whether it is there, or whether it is a primary.
            .test_before_acquire(!watches)
            .after_connect(move |connection, _| {
                let (this, session) = (Arc::clone(&opened), session.clone());
                Box::pin(async move { this.state.admit(&session, connection).await })
            })
            .before_acquire(move |connection, seen| {
                let this = Arc::clone(&reused);
                Box::pin(async move {
                    if this.state.turned_since(seen.age) {
                        return Ok(false);
                    }
                    if !watches {
                        return Ok(true);
                    }
                    let standby: bool = sqlx::raw_sql("select pg_is_in_recovery()")
                        .fetch_one(connection)
                        .await?
                        .try_get(0)?;
                    if standby {
                        this.state.turn();
                    }
                    Ok(!standby)
                })
            })
            .connect_lazy_with(options)
    }
}

impl PoolState {
    /// Returns when the connection may be used. One that is refused is asked again for as long as its pool waits: to give it back
    /// would make the pool open the next at once, and log it.
    async fn admit(
        &self,
        session: &Session,
        connection: &mut PgConnection,
    ) -> Result<(), sqlx::Error> {
        loop {
            match session.prepare(connection).await {
                Ok(()) => {
                    self.admitted();
                    return Ok(());
                }
                Err(ConnectError::Refused(refusal)) => self.refuse(refusal),
                Err(ConnectError::Database(error)) => return Err(error),
            }
            sleep(PAUSE).await;
        }
    }

    fn refuse(&self, refusal: SessionRefusal) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let said = refused
            .as_ref()
            .is_some_and(|(before, at)| *before == refusal && at.elapsed() < REMINDER);
        if !said {
            tracing::error!(why = %refusal, "connections to the database are refused");
            *refused = Some((refusal, Instant::now()));
        }
    }

    fn admitted(&self) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.take().is_some() {
            tracing::info!("connections to the database are good again");
        }
    }

    /// The server behind a connection in use is a standby now.
    fn turn(&self) {
        *self.turned.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.refuse(SessionRefusal::Standby);
    }

    /// Whether a connection of this age was opened before that was seen.
    fn turned_since(&self, age: Duration) -> bool {
        let turned = self.turned.lock().unwrap_or_else(PoisonError::into_inner);
        turned.is_some_and(|turned| turned.elapsed() <= age)
    }
}

/// Reads a connection URL; the error names the setting, never the URL.
pub(super) fn parse(key: &str, url: &SecretString) -> Result<PgConnectOptions, Sentence> {
    let url = url.expose_secret();
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(format!("{key} must begin with postgres://").into());
    }
    PgConnectOptions::from_str(url).map_err(|error| format!("{key} is wrong: {error}").into())
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::parse;

    #[test]
    fn a_bad_url_is_refused_without_being_shown() {
        for url in [
            "mysql://omnia:parolachiave@db/omnia",
            "postgres://omnia:parolachiave@db:porta/omnia",
            "postgres://omnia:parolachiave@db/omnia?sslmode=boh",
            "parolachiave",
        ] {
            let error = parse("database.url", &SecretString::from(url)).unwrap_err();
            let error = error.to_string();
            assert!(
                error.starts_with("database.url ") && !error.contains("parolachiave"),
                "{error}"
            );
        }
    }
}
