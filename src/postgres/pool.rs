//! The two pools: who owns the data, and who serves them.

use std::{str::FromStr as _, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{
    ConnectOptions as _, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::error::Sentence;

/// How long a call waits for a connection before it is told to try again.
const ACQUIRE: Duration = Duration::from_secs(5);
/// How long a call waits for one of the connections beside: it holds up all the calls that need the same.
const SIDE_ACQUIRE: Duration = Duration::from_secs(2);
/// An owner's command is one operator's work: one connection does it, one watches, two are spare.
pub(super) const OWNER_CONNECTIONS: u32 = 4;
/// How long a statement of a serving connection may run unless its transaction sets another (an export does).
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);

/// Connects when first used, so that a database that is down is a failed call and not a failed start.
pub fn owner_pool(options: PgConnectOptions) -> PgPool {
    let options = options
        .application_name("omnia-owner")
        .options([("TimeZone", "UTC")])
        // A load's statements take as long as its rows need.
        .disable_statement_logging();
    PgPoolOptions::new()
        .max_connections(OWNER_CONNECTIONS)
        .acquire_timeout(ACQUIRE)
        .connect_lazy_with(options)
}

/// The pool of the calls. Whatever role it is given, its connections do not write.
pub fn serving_pool(options: PgConnectOptions, max_connections: u32) -> PgPool {
    let timeout = format!("{}ms", STATEMENT_TIMEOUT.as_millis());
    let options = options.application_name("omnia").options([
        ("TimeZone", "UTC"),
        ("default_transaction_read_only", "on"),
        // The skew of the data is in the parameters: a plan made for any value is good for none.
        ("plan_cache_mode", "force_custom_plan"),
        ("statement_timeout", &timeout),
        ("idle_in_transaction_session_timeout", &timeout),
    ]);
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE)
        .connect_lazy_with(options)
}

/// Connections beside those of the calls, which calls that hold all of theirs do not keep waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accanto {
    /// To listen for the steps of grants, and to read the grants: two.
    Abilitazioni,
    /// To read which rilevazione is the latest: one.
    Rilevazioni,
    /// To count the calls of the day: one, which may write.
    Quote,
    /// To note which proofs were used: four, which may write, for each commits by itself.
    Prove,
}

/// A pool beside that of the calls, of the same role.
pub fn side_pool(serving: &PgPool, accanto: Accanto) -> PgPool {
    let (name, connections, read_only) = match accanto {
        Accanto::Abilitazioni => ("omnia-grants", 2, "on"),
        Accanto::Rilevazioni => ("omnia-data", 1, "on"),
        Accanto::Quote => ("omnia-quotas", 1, "off"),
        Accanto::Prove => ("omnia-proofs", 4, "off"),
    };
    let options = serving
        .connect_options()
        .as_ref()
        .clone()
        .application_name(name)
        .options([("default_transaction_read_only", read_only)]);
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(SIDE_ACQUIRE)
        .connect_lazy_with(options)
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
