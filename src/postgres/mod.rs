//! The database: a server that the operator names, or a private cluster of our own.
//!
//! ```text
//! DATABASE_URL set:   omnia ── TCP or socket ──► that server        (as its owner: database.owner_url)
//! not set:            omnia ── starts, stops ──► postgres, in a directory of ours, on a socket of ours
//! ```
//!
//! Either way [`open`] gives two pools. The owner's migrates, loads and grants. The serving one answers the calls, as a
//! role that may only read: a fault in a query can then show the wrong rows, but change none.
//!
//! Whose server it is, is not taken on trust: see [`DatabaseConnections`]. A connection works on one schema, on a primary, with the settings
//! that were asked for, or is refused.
//!
//! ```no_run
//! # async fn example() -> Result<(), omnia::error::Sentence> {
//! let settings = omnia::config::Settings::read(None)?;
//! let postgres = omnia::postgres::open(&settings.database).await?;
//! omnia::postgres::migrate(postgres.owner()).await?;
//! let loads: i64 = sqlx::query_scalar("select count(*) from rilevazione")
//!     .fetch_one(&postgres.serving_pool())
//!     .await?;
//! # let _ = loads;
//! postgres.stop().await
//! # }
//! ```

mod cluster;
mod database;
mod migrations;
mod namespace;
mod options;
mod pool;
mod pooler;
pub mod predicates;
mod read_only;
mod release;
mod row;
mod schema;
mod session;
mod settings;
mod side_connections;
pub mod snapshot;

pub(crate) use self::row::from_row;
pub use self::{
    cluster::{Cluster, emergency::Emergency},
    database::{Postgres, data_dir, join, open},
    namespace::SchemaName,
    options::{ClusterOptions, DATABASE, Durability, SERVING_ROLE},
    pool::DatabaseConnections,
    read_only::repeatable_read,
    schema::{check_schema, migrate},
    session::STATEMENT_TIMEOUT,
    settings::DatabaseSettings,
    side_connections::SideConnections,
};
