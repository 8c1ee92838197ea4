//! Measurements of TLS: how handshakes end, how long the certificate still holds.

use std::{fmt, sync::OnceLock};

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Meter},
};

static METRICS: OnceLock<TlsMetrics> = OnceLock::new();

/// Makes [`record_handshake`] and [`record_expiry`] measure into `metrics`.
pub(super) fn install(metrics: TlsMetrics) {
    // A second set is refused before this, by the subscriber.
    let _ = METRICS.set(metrics);
}

/// Counts a handshake that has ended: `ok`, or why it failed. Nothing, as long as no collector is set.
pub fn record_handshake(outcome: &'static str) {
    if let Some(metrics) = METRICS.get() {
        metrics.handshake(outcome);
    }
}

/// Says how many seconds the server's certificate has left. Nothing, as long as no collector is set.
pub fn record_expiry(seconds: i64) {
    if let Some(metrics) = METRICS.get() {
        metrics.expiry(seconds);
    }
}

/// What is measured of TLS.
#[derive(Clone)]
pub struct TlsMetrics {
    handshakes: Counter<u64>,
    expiry: Gauge<i64>,
}

impl TlsMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            handshakes: meter
                .u64_counter("omnia.tls.handshake.count")
                .with_unit("{handshake}")
                .with_description("TLS handshakes that have ended, by how.")
                .build(),
            expiry: meter
                .i64_gauge("omnia.tls.certificate.expiry")
                .with_unit("s")
                .with_description("What the server's certificate has left; negative once expired.")
                .build(),
        }
    }

    /// Counts one handshake.
    pub fn handshake(&self, outcome: &'static str) {
        let attributes = [KeyValue::new("omnia.outcome", outcome)];
        self.handshakes.add(1, &attributes);
    }

    /// What the certificate has left.
    pub fn expiry(&self, seconds: i64) {
        self.expiry.record(seconds, &[]);
    }
}

impl fmt::Debug for TlsMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsMetrics").finish_non_exhaustive()
    }
}
