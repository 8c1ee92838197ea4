//! What the service tells about itself: logs, traces and metrics.
//!
//! ```text
//! tracing ─┬─ telemetry.log ────────────► lines on standard error (text or JSON)
//!          └─ ours only, sampled ─────┐
//! reload ── omnia.reload.* ───────────┤
//! Call ──── rpc.server.call.duration ─┴─► OTLP over gRPC, if telemetry.otlp_endpoint is set
//! ```
//!
//! The names are OpenTelemetry's for RPC (stable since semantic conventions 1.45). A caller that sends a W3C `traceparent`
//! finds our span in its trace, and its decision to sample holds; for the others `telemetry.sample_ratio` decides.
//!
//! ```no_run
//! # async fn example() -> Result<(), omnia::error::Sentence> {
//! let settings = omnia::config::Settings::read(None)?;
//! let telemetry = omnia::telemetry::init(&settings.telemetry)?;
//!
//! let headers = http::HeaderMap::new();
//! let path = "/inps.omnia.monitoraggio.v1.ReportService/GetReportSintetico";
//! let call = omnia::telemetry::Call::begin(path, &headers, None);
//! // … the work, inside call.span() …
//! call.end(tonic::Code::Ok);
//!
//! telemetry.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! Neither logs nor spans hold what a request asks for: tax codes are personal data.

mod call;
mod code;
mod connections;
mod export;
mod failure_log;
pub mod health_registry;
mod keys;
mod libraries;
mod method;
mod reload;
mod resource;
mod seldom;
mod settings;
mod tls;

use std::io::IsTerminal as _;

use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, layer::SubscriberExt as _, registry::LookupSpan, util::SubscriberInitExt as _,
};

pub use self::{
    call::{Call, Quiet, record_call, span_for},
    code::name as code_name,
    connections::{ConnectionMetrics, record_connection, record_open},
    export::{Exporter, RpcMetrics},
    failure_log::FailureLog,
    keys::{KeyMetrics, record_keys, record_skipped},
    reload::{ReloadMetrics, record_in_force, record_reload, record_version},
    seldom::Seldom,
    settings::{LogFormat, TelemetrySettings},
    tls::{TlsMetrics, record_expiry, record_handshake},
};
use crate::{
    error::Sentence,
    output::{log::LogLines, stdio},
};

/// Telemetry at work. Hold it until the end, then [`TelemetryHandle::shutdown`] it.
#[derive(Debug)]
#[must_use = "what is not yet sent is lost without shutdown()"]
pub struct TelemetryHandle {
    exporter: Option<Exporter>,
}

/// Starts logging, and sending to the collector if one is set. Once in a process, inside the Tokio runtime.
///
/// # Errors
/// A sentence: a bad setting, or a second call.
pub fn init(settings: &TelemetrySettings) -> Result<TelemetryHandle, Sentence> {
    let exporter = match &settings.otlp_endpoint {
        Some(endpoint) => Some(Exporter::start(endpoint, settings.sample_ratio)?),
        None => None,
    };
    tracing_subscriber::registry()
        .with(log_layer(settings)?)
        .with(exporter.as_ref().map(Exporter::layer))
        .try_init()
        .map_err(|error| format!("cannot start logging: {error}"))?;
    if let Some(exporter) = &exporter {
        call::install(exporter.rpc_metrics());
        reload::install(exporter.reload_metrics());
        tls::install(exporter.tls_metrics());
        keys::install(exporter.key_metrics());
        connections::install(exporter.connection_metrics());
    }
    Ok(TelemetryHandle { exporter })
}

impl TelemetryHandle {
    /// Sends what has not been sent yet. A collector that does not answer holds it up for a few seconds at most.
    pub async fn shutdown(self) {
        if let Some(exporter) = self.exporter {
            exporter.shutdown().await;
        }
    }
}

fn log_layer<S>(settings: &TelemetrySettings) -> Result<Box<dyn Layer<S> + Send + Sync>, Sentence>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let filter = EnvFilter::try_new(&settings.log)
        .map_err(|error| format!("telemetry.log {:?}: {error}", settings.log))?;
    let filter = libraries::Rarely::new(filter);
    let json = settings.format == LogFormat::Json;
    let colours = !json && stdio::errors().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(LogLines { json, colours });
    Ok(match settings.format {
        LogFormat::Text => lines.with_ansi(colours).with_filter(filter).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_filter(filter).boxed(),
    })
}
