//! Measurements of connections: how many there are, what becomes of them.

use std::{fmt, sync::OnceLock};

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Meter, UpDownCounter},
};

static METRICS: OnceLock<ConnectionMetrics> = OnceLock::new();

/// Makes [`record_connection`] and [`record_open`] measure into `metrics`.
pub(super) fn install(metrics: ConnectionMetrics) {
    // A second set is refused before this, by the subscriber.
    let _ = METRICS.set(metrics);
}

/// Counts what became of a connection: `accepted`, `refused` (too many, all at work), `evicted` (made room for another), `silent` (did
/// not begin in time), `stalled` (took nothing of what it was sent). Nothing, as long as no collector is set.
pub fn record_connection(outcome: &'static str) {
    if let Some(metrics) = METRICS.get() {
        metrics.count(outcome);
    }
}

/// Says that there is a connection more, or less. Nothing, as long as no collector is set.
pub fn record_open(more: i64) {
    if let Some(metrics) = METRICS.get() {
        metrics.open(more);
    }
}

/// What is measured of connections.
#[derive(Clone)]
pub struct ConnectionMetrics {
    count: Counter<u64>,
    open: UpDownCounter<i64>,
}

impl ConnectionMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            count: meter
                .u64_counter("omnia.connection.count")
                .with_unit("{connection}")
                .with_description("Connections, by what became of them.")
                .build(),
            open: meter
                .i64_up_down_counter("omnia.connection.open")
                .with_unit("{connection}")
                .with_description("Connections that are open.")
                .build(),
        }
    }

    /// Counts one.
    pub fn count(&self, outcome: &'static str) {
        let attributes = [KeyValue::new("omnia.outcome", outcome)];
        self.count.add(1, &attributes);
    }

    /// So many more are open.
    pub fn open(&self, more: i64) {
        self.open.add(more, &[]);
    }
}

impl fmt::Debug for ConnectionMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionMetrics").finish_non_exhaustive()
    }
}
