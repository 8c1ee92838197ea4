//! One call of an RPC, as a span and as a measurement.

use std::{
    net::SocketAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use http::HeaderMap;
use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator as _},
    trace::TraceContextExt as _,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tonic::Code;
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::{
    code::{is_fault, name},
    export::RpcMetrics,
    method,
};

static METRICS: OnceLock<RpcMetrics> = OnceLock::new();

/// Makes [`record_call`] measure into `metrics`.
pub(super) fn install(metrics: RpcMetrics) {
    // A second set is refused before this, by the subscriber.
    let _ = METRICS.set(metrics);
}

/// The span of a call, in the trace that the caller sent, if it sent one. `peer`: the other end of its connection.
#[must_use]
pub fn span_for(path: &str, headers: &HeaderMap, peer: Option<SocketAddr>) -> Span {
    let method = method::of(path);
    let span = tracing::info_span!(
        "call",
        otel.name = method,
        otel.kind = "server",
        otel.status_code = Empty,
        rpc.system.name = "grpc",
        rpc.method = method,
        rpc.method_original = Empty,
        network.peer.address = Empty,
        network.peer.port = Empty,
        rpc.response.status_code = Empty,
        "error.type" = Empty,
    );
    // What it would hold need not be worked out: an invented path masked, an address written.
    if span.is_disabled() {
        return span;
    }
    if let Some(original) = method::original(path) {
        span.record("rpc.method_original", original);
    }
    if let Some(peer) = peer {
        span.record("network.peer.address", peer.ip().to_canonical().to_string());
        span.record("network.peer.port", i64::from(peer.port()));
    }
    if let Some(parent) = parent(headers) {
        // Refused if nothing is exported: then there is nothing to put into the trace.
        let _ = span.set_parent(parent);
    }
    span
}

/// The trace that the caller sent. A header that is none must leave the decision to sample with us.
fn parent(headers: &HeaderMap) -> Option<Context> {
    if !is_whole(headers.get("traceparent")?.as_bytes()) {
        return None;
    }
    let parent = TraceContextPropagator::new().extract(&Headers(headers));
    parent.span().span_context().is_valid().then_some(parent)
}

/// Whether the parts have the lengths of a W3C `traceparent`: the propagator takes shorter ones for small numbers.
fn is_whole(traceparent: &[u8]) -> bool {
    let dashes = [2, 35, 52]
        .iter()
        .all(|at| traceparent.get(*at) == Some(&b'-'));
    // A later version may have more parts.
    dashes && (traceparent.len() == 55 || traceparent.get(55) == Some(&b'-'))
}

/// Measures a call that has ended. Nothing, as long as no collector is set.
pub fn record_call(path: &str, code: Code, duration: Duration) {
    if let Some(metrics) = METRICS.get() {
        metrics.record(path, code, duration);
    }
}

/// Keeps the end of a call out of the log: it is summed up with others, or needs no line at all.
/// It is measured and traced like any other. Cheap to clone: clones are of the same call.
#[derive(Debug, Clone, Default)]
pub struct Quiet(Arc<AtomicBool>);

impl Quiet {
    /// From now on it is quiet.
    pub fn keep(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_kept(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A call under way: its span, and its measurement when it ends.
///
/// One that is dropped was abandoned by its caller, and is recorded as cancelled.
#[derive(Debug)]
pub struct Call {
    path: String,
    span: Span,
    started: Instant,
    ended: bool,
    quiet: Quiet,
}

impl Call {
    /// The beginning: the headers have come, from `peer`.
    #[must_use]
    pub fn begin(path: &str, headers: &HeaderMap, peer: Option<SocketAddr>) -> Self {
        Self {
            path: path.to_owned(),
            span: span_for(path, headers, peer),
            started: Instant::now(),
            ended: false,
            quiet: Quiet::default(),
        }
    }

    /// The span to do the work in.
    #[must_use]
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Whether its end is to be told.
    #[must_use]
    pub fn quiet(&self) -> Quiet {
        self.quiet.clone()
    }

    /// The end: the status is known, and of a stream the last message is sent.
    pub fn end(mut self, code: Code) {
        self.record(code);
    }

    fn record(&mut self, code: Code) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let name = name(code);
        self.span.record("rpc.response.status_code", name);
        if is_fault(code) {
            self.span.record("error.type", name);
            self.span.record("otel.status_code", "ERROR");
        }
        let elapsed = self.started.elapsed();
        let ms = elapsed.as_millis();
        if self.quiet.is_kept() {
            tracing::debug!(parent: &self.span, code = name, ms, "call ended");
        } else {
            tracing::info!(parent: &self.span, code = name, ms, "call ended");
        }
        record_call(&self.path, code, elapsed);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.record(Code::Cancelled);
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
