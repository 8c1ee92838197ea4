//! `[database]`

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use crate::{
    postgres::namespace::SchemaName,
    setting::{Checked, within},
};

/// `[database]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseSettings {
    /// The server to use, as the serving role. Without it, a private cluster is run.
    pub url: Option<SecretString>,
    /// The same database as its owner: to migrate, load and grant. Without it, `url`.
    pub owner_url: Option<SecretString>,
    /// The schema that has the tables.
    pub schema: SchemaName,
    /// Most connections for serving.
    pub max_connections: u32,
    /// Where the private cluster lives. Without it: `/var/lib/omnia` as root, else `omnia` in the user's data directory.
    pub data_dir: Option<PathBuf>,
    /// Directory of `initdb` and `postgres`. Without it: PATH, then `/usr/lib/postgresql/*/bin`.
    pub bin_dir: Option<PathBuf>,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            url: None,
            owner_url: None,
            schema: SchemaName::default(),
            max_connections: 10,
            data_dir: None,
            bin_dir: None,
        }
    }
}

impl DatabaseSettings {
    pub(crate) fn check(&self) -> Checked {
        within("database.max_connections", self.max_connections, 2..=1000)?;
        if self.owner_url.is_some() && self.url.is_none() {
            return Err(
                "settings: database.owner_url is set but database.url is not: serving needs its own"
                    .to_owned(),
            );
        }
        if self.url.is_none() && self.schema != SchemaName::default() {
            return Err(
                "settings: database.schema is set but database.url is not: the private cluster has its tables in public"
                    .to_owned(),
            );
        }
        Ok(())
    }
}
