//! What cluster to run.

use std::path::PathBuf;

/// The role that serves: reads, no more. The migrations grant it what it may read.
pub const SERVING_ROLE: &str = "omnia_servizio";
/// The database of the service.
pub const DATABASE: &str = "omnia";

/// Whether the data must survive a crash of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// They must.
    Full,
    /// The cluster is deleted after use: for tests.
    ThrowAway,
}

/// What cluster to run.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// The directory of the cluster; made if missing.
    pub dir: PathBuf,
    /// The directory of PostgreSQL's programs; searched for if not given.
    pub bin_dir: Option<PathBuf>,
    /// Connections that the server accepts.
    pub max_connections: u32,
    /// Whether the data must survive a crash.
    pub durability: Durability,
}
