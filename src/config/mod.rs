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
//!
//! Each room has its settings itself ([`ServerSettings`], [`AuditSettings`], …); they are read and checked together here.

mod check;
mod client;
mod read;
#[cfg(test)]
mod tests;

use serde::Deserialize;

pub use self::client::{ClientSettings, ServerAddress};
use crate::{
    abilitazione::{AccessSettings, QuotaSettings, sign_in::CruscottoSettings},
    audit::AuditSettings,
    decreto::ExportSettings,
    postgres::DatabaseSettings,
    report::ReportSettings,
    telemetry::TelemetrySettings,
    transport::{ServerSettings, tls::TlsSettings, web::WebSettings},
};

/// Everything that an operator may set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The gRPC server.
    pub server: ServerSettings,
    /// The certificates.
    pub tls: TlsSettings,
    /// The pages in browsers.
    pub web: WebSettings,
    /// The pages for people.
    pub cruscotto: CruscottoSettings,
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
