//! The settings: one optional TOML file, then the environment, which wins.
//!
//! ```toml
//! [server]
//! listen = "0.0.0.0:50051"     # OMNIA_SERVER__LISTEN
//!
//! [database]
//! url = "postgres://omnia_servizio:…@db/omnia"   # OMNIA_DATABASE__URL, or DATABASE_URL
//!
//! [access]
//! jwks = "/etc/omnia/jwks.json"                  # OMNIA_ACCESS__JWKS
//! ```
//!
//! A variable is the section and the key in capitals, joined by two underscores, after `OMNIA_`. A key that nobody reads
//! is an error, in the file and in the environment: a misspelt setting must not be taken for a default. Everything that
//! has a sensible default has one. Connection URLs hold passwords, and no `Debug` of the settings shows them.

mod check;
mod check_issuers;
mod client;
mod issuers;
mod list;
mod quota;
mod read;
mod tls;

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf};

use secrecy::SecretString;
use serde::Deserialize;

pub use self::{
    client::{ClientSettings, ServerAddress},
    issuers::{EvidenceSettings, IssuerSettings, KeySettings},
    quota::{ProfiloQuotaSettings, QuotaSettings},
    tls::{ClientCertificateMode, TlsSettings},
};
use crate::{
    abilitazione::authn::KeyLocation, blocks::block::ROWS_PER_BLOCK, postgres::SchemaName,
};

/// Everything that an operator may set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The gRPC server.
    pub server: ServerSettings,
    /// The certificates.
    pub tls: TlsSettings,
    /// Where the data live.
    pub database: DatabaseSettings,
    /// Whose tokens are good.
    pub access: AccessSettings,
    /// The audit log.
    pub audit: AuditSettings,
    /// How much a subject may use.
    pub quota: QuotaSettings,
    /// The bounds of an export.
    pub export: ExportSettings,
    /// The report's memory.
    pub report: ReportSettings,
    /// Where `omnia get` asks.
    pub client: ClientSettings,
    /// Logs, traces and metrics.
    pub telemetry: TelemetrySettings,
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSettings {
    /// Address and port to serve on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Longest request message, in bytes.
    pub max_request_bytes: usize,
    /// How long streams under way may go on after a stop was asked for.
    pub drain_seconds: u64,
    /// Most connections at a time; fewer where the limit of open files has no room for so many.
    pub max_connections: usize,
    /// Most connections of one address (of one IPv6 /64), and never more than half of all. Addresses of `trusted_proxies` are
    /// bound by `max_connections` only.
    pub max_connections_per_address: usize,
    /// How long a client may take to begin HTTP/2, once the connection (and TLS on it) is there.
    pub preface_seconds: u64,
    /// Whether gRPC reflection is served.
    pub reflection: bool,
    /// The proxies, as CIDR, that are believed about whom they ask for.
    #[serde(deserialize_with = "list::deserialize")]
    pub trusted_proxies: Vec<String>,
    /// The header in which they say it.
    pub client_address_header: String,
}

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

/// `[access]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessSettings {
    /// The `iss` that a token must have.
    pub issuer: String,
    /// The `aud` that a token must have.
    pub audience: String,
    /// The public keys that sign its tokens (JWK set): a path or a URL. `demo` brings its own; `serve` needs it or `issuers`.
    pub jwks: Option<KeyLocation>,
    /// The enti whose subjects this issuer names: required where there is another issuer; without it, all.
    #[serde(deserialize_with = "list::deserialize")]
    pub enti: Vec<String>,
    /// More issuers.
    pub issuers: Vec<IssuerSettings>,
    /// Where callers reach this service, as they write it in a DPoP proof: `https://host[:port][/path]`. Without it no proof
    /// is accepted.
    #[serde(deserialize_with = "list::deserialize")]
    pub public_urls: Vec<String>,
    /// How keys are kept fresh.
    pub keys: KeySettings,
    /// The tracking evidence.
    pub evidence: EvidenceSettings,
    /// Directory with `model.conf` and `policy.csv`. Without it, the ones built in.
    pub policy_dir: Option<PathBuf>,
    /// Allowed difference between the issuer's clock and ours.
    pub leeway_seconds: u64,
}

/// `[audit]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditSettings {
    /// File of the key that hides codici fiscali in the log: 64 hexadecimal digits, the same for all instances. Without
    /// it, a private cluster has one of its own in its data directory; another database needs it.
    pub key_file: Option<PathBuf>,
    /// Days that records are kept: what `omnia audit prune` goes by. Without it, nothing is pruned.
    pub retention_days: Option<u32>,
    /// Calls of one caller (a subject; without a good token, an address or IPv6 /64) that are not let in and have a record each, in a
    /// minute. The rest are counted.
    pub refused_per_caller_per_minute: NonZeroU32,
    /// The same of all callers together: of those with a good token, and again of those without.
    pub refused_per_minute: NonZeroU32,
    /// How often the counts are written, in seconds.
    pub refused_counts_seconds: u64,
}

/// `[export]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExportSettings {
    /// Exports, downloads and flights at the same time. Each reads over a connection to the database most of the time, or over three.
    pub max_concurrent: usize,
    /// How many of these one subject may have. Without it half of them, rounded down, and at least one.
    pub max_per_subject: Option<usize>,
    /// The longest that an export may last.
    pub deadline_seconds: u64,
    /// How long a client may take nothing of a stream that waits for it.
    pub stall_seconds: u64,
    /// Rows in one message of the stream.
    pub batch_rows: u32,
}

/// `[report]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReportSettings {
    /// Rilevazioni whose sums are kept in memory: those asked for last.
    pub rilevazioni_in_memoria: usize,
}

/// `[telemetry]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetrySettings {
    /// What to log, as `tracing` writes it: `info,sqlx=warn`.
    pub log: String,
    /// How to log.
    pub format: LogFormat,
    /// OTLP collector for traces and metrics (`http://host:4317`). Without it, none are sent.
    pub otlp_endpoint: Option<String>,
    /// Share of the calls that are traced, 0 to 1, where the caller has not decided.
    pub sample_ratio: f64,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 50051)),
            max_request_bytes: 64 * 1024,
            drain_seconds: 10,
            max_connections: 1000,
            max_connections_per_address: 100,
            preface_seconds: 10,
            reflection: true,
            trusted_proxies: Vec::new(),
            client_address_header: "x-forwarded-for".to_owned(),
        }
    }
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

impl Default for AccessSettings {
    fn default() -> Self {
        Self {
            issuer: "https://omnia.demo.invalid".to_owned(),
            audience: "omnia-is-monitoraggio".to_owned(),
            jwks: None,
            enti: Vec::new(),
            issuers: Vec::new(),
            public_urls: Vec::new(),
            keys: KeySettings::default(),
            evidence: EvidenceSettings::default(),
            policy_dir: None,
            leeway_seconds: 30,
        }
    }
}

impl Default for AuditSettings {
    fn default() -> Self {
        fn number(n: u32) -> NonZeroU32 {
            NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN)
        }
        Self {
            key_file: None,
            retention_days: None,
            refused_per_caller_per_minute: number(60),
            refused_per_minute: number(600),
            refused_counts_seconds: 30,
        }
    }
}

impl Default for ExportSettings {
    fn default() -> Self {
        Self {
            max_concurrent: 8,
            max_per_subject: None,
            deadline_seconds: 1800,
            stall_seconds: 60,
            batch_rows: ROWS_PER_BLOCK,
        }
    }
}

impl Default for ReportSettings {
    fn default() -> Self {
        Self {
            rilevazioni_in_memoria: 4,
        }
    }
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self {
            // The server's notices are not news.
            log: "info,sqlx=warn".to_owned(),
            format: LogFormat::Text,
            otlp_endpoint: None,
            sample_ratio: 0.01,
        }
    }
}
