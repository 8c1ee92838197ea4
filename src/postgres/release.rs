//! What becomes of a connection whose call has gone, with its statement half-way.
//!
//! A future that is dropped cancels nothing in Postgres: its statement would run on, for half a minute, with a connection that nobody else
//! can have meanwhile. So a connection that comes back and is not at rest soon is closed, and Postgres looks now and then
//! whether its client is still there ([`CHECK_INTERVAL`]): where it is not, it ends the statement.

use std::time::Duration;

use sqlx::{Connection as _, postgres::PgPoolOptions};
use tokio::time::timeout;

/// How often Postgres looks, in a statement of a connection (`client_connection_check_interval`, on Linux).
pub(super) const CHECK_INTERVAL: &str = "500ms";
/// What is nearly done may end: a new connection costs more.
const NEARLY: Duration = Duration::from_millis(100);

/// Closes connections that come back with a statement that goes on.
pub(super) fn cancel_what_runs_on(options: PgPoolOptions) -> PgPoolOptions {
    options.after_release(|connection, _| {
        Box::pin(async move {
            // Nothing is asked of the server where nothing is under way.
            let at_rest = timeout(NEARLY, connection.flush()).await;
            Ok(matches!(at_rest, Ok(Ok(()))))
        })
    })
}
