//! Sending traces and metrics to a collector.

use std::{fmt, time::Duration};

use opentelemetry::{
    InstrumentationScope, KeyValue,
    metrics::{Histogram, Meter, MeterProvider as _},
    trace::TracerProvider as _,
};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{
    metrics::SdkMeterProvider,
    trace::{Sampler, SdkTracerProvider},
};
use tokio::time::timeout;
use tonic::Code;
use tracing::Subscriber;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use super::{
    code::{is_fault, name},
    connections::ConnectionMetrics,
    keys::KeyMetrics,
    method,
    reload::ReloadMetrics,
    resource::{self, SCHEMA_URL},
    tls::TlsMetrics,
};
use crate::error::Sentence;

const SCOPE: &str = "omnia";
/// One sending.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The last one, of traces and metrics.
const LAST: Duration = Duration::from_secs(2);
/// The conventions' boundaries for call durations, in seconds.
const BOUNDARIES: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// Traces and metrics on their way to a collector.
#[derive(Debug)]
pub struct Exporter {
    tracers: SdkTracerProvider,
    meters: SdkMeterProvider,
}

impl Exporter {
    /// Starts sending to `endpoint` in the background. A collector that is not there costs nothing but a log line.
    ///
    /// # Errors
    /// A sentence: the endpoint is no URL.
    pub fn start(endpoint: &str, sample_ratio: f64) -> Result<Self, Sentence> {
        let failed = |error| format!("telemetry.otlp_endpoint {endpoint:?}: {error}");
        let spans = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .with_timeout(TIMEOUT)
            .build()
            .map_err(failed)?;
        let metrics = MetricExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .with_timeout(TIMEOUT)
            .build()
            .map_err(failed)?;
        let resource = resource::of_process();
        let ours = Sampler::TraceIdRatioBased(sample_ratio);
        Ok(Self {
            tracers: SdkTracerProvider::builder()
                .with_resource(resource.clone())
                .with_sampler(Sampler::ParentBased(Box::new(ours)))
                .with_batch_exporter(spans)
                .build(),
            meters: SdkMeterProvider::builder()
                .with_resource(resource)
                .with_periodic_exporter(metrics)
                .build(),
        })
    }

    /// What sends the spans of a subscriber: ours, not those of the libraries, among which the one that sends.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let ours = |target: &str| target == SCOPE || target.starts_with("omnia::");
        // Where in the program a span was made, and on which thread, says nothing of the call.
        tracing_opentelemetry::layer()
            .with_tracer(self.tracers.tracer_with_scope(scope()))
            .with_location(false)
            .with_threads(false)
            .with_filter(filter_fn(move |metadata| {
                *metadata.level() <= tracing::Level::INFO && ours(metadata.target())
            }))
    }

    fn meter(&self) -> Meter {
        self.meters.meter_with_scope(scope())
    }

    /// The instruments of the calls.
    #[must_use]
    pub fn rpc_metrics(&self) -> RpcMetrics {
        let duration = self
            .meter()
            .f64_histogram("rpc.server.call.duration")
            .with_unit("s")
            .with_description("Measures the duration of inbound remote procedure calls.")
            .with_boundaries(BOUNDARIES.to_vec())
            .build();
        RpcMetrics { duration }
    }

    /// The instruments of reloads.
    #[must_use]
    pub fn reload_metrics(&self) -> ReloadMetrics {
        ReloadMetrics::new(&self.meter())
    }

    /// The instruments of TLS.
    #[must_use]
    pub fn tls_metrics(&self) -> TlsMetrics {
        TlsMetrics::new(&self.meter())
    }

    /// The instruments of keys.
    #[must_use]
    pub fn key_metrics(&self) -> KeyMetrics {
        KeyMetrics::new(&self.meter())
    }

    /// The instruments of connections.
    #[must_use]
    pub fn connection_metrics(&self) -> ConnectionMetrics {
        ConnectionMetrics::new(&self.meters.meter(SCOPE))
    }

    /// Sends what is left, and ends.
    pub async fn shutdown(self) {
        // Both wait for the sending, which needs this runtime's threads.
        let ended = tokio::task::spawn_blocking(move || {
            let spans = self.tracers.shutdown_with_timeout(LAST / 2);
            let metrics = self.meters.shutdown_with_timeout(LAST / 2);
            spans.and(metrics)
        });
        // The runtime does not wait for it either: a stop has its bounds.
        match timeout(LAST, ended).await {
            Ok(Ok(Err(error))) => {
                tracing::warn!(%error, "the last traces and metrics did not reach the collector");
            }
            Ok(_) => {}
            Err(_) => {
                tracing::warn!("the last traces and metrics did not reach the collector in time")
            }
        }
    }
}

/// Who measures, by which conventions.
fn scope() -> InstrumentationScope {
    InstrumentationScope::builder(SCOPE)
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url(SCHEMA_URL)
        .build()
}

/// What is measured of the calls.
#[derive(Clone)]
pub struct RpcMetrics {
    duration: Histogram<f64>,
}

impl RpcMetrics {
    /// Measures one call that has ended.
    pub fn record(&self, path: &str, code: Code, duration: Duration) {
        let name = name(code);
        let attributes = [
            KeyValue::new("rpc.system.name", "grpc"),
            KeyValue::new("rpc.method", method::of(path)),
            KeyValue::new("rpc.response.status_code", name),
            KeyValue::new("error.type", name),
        ];
        // The last one is for faults only.
        let count = attributes.len() - usize::from(!is_fault(code));
        self.duration
            .record(duration.as_secs_f64(), &attributes[..count]);
    }
}

impl fmt::Debug for RpcMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcMetrics").finish_non_exhaustive()
    }
}
