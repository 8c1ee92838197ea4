//! Measurements of the keys that sign tokens: how reading them ends, and when it last ended well.

use std::{fmt, sync::OnceLock};

use chrono::{DateTime, Utc};
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Meter},
};

static METRICS: OnceLock<KeyMetrics> = OnceLock::new();

/// Makes [`record_keys`] measure into `metrics`.
pub(super) fn install(metrics: KeyMetrics) {
    // A second set is refused before this, by the subscriber.
    let _ = METRICS.set(metrics);
}

/// Counts one reading of a source of keys; `read_on`: when it was read well, `None`: it was not. Nothing, as long as no
/// collector is set.
pub fn record_keys(source: &str, read_on: Option<DateTime<Utc>>) {
    if let Some(metrics) = METRICS.get() {
        metrics.read(source, read_on);
    }
}

/// How many keys a source's set was taken without. Nothing, as long as no collector is set.
pub fn record_skipped(source: &str, keys: usize) {
    if let Some(metrics) = METRICS.get() {
        metrics.skipped(source, keys);
    }
}

/// What is measured of keys.
#[derive(Clone)]
pub struct KeyMetrics {
    fetches: Counter<u64>,
    last_success: Gauge<i64>,
    skipped: Gauge<u64>,
}

impl KeyMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            fetches: meter
                .u64_counter("omnia.keys.fetch.count")
                .with_unit("{fetch}")
                .with_description("Readings of a source of keys, by how they ended.")
                .build(),
            last_success: meter
                .i64_gauge("omnia.keys.last_success")
                .with_unit("s")
                .with_description(
                    "When a source of keys was last read well, in seconds since 1970.",
                )
                .build(),
            skipped: meter
                .u64_gauge("omnia.keys.skipped")
                .with_unit("{key}")
                .with_description("Unsound keys that the last set of a source was taken without.")
                .build(),
        }
    }

    /// Tells how many keys the last set was taken without.
    pub fn skipped(&self, source: &str, keys: usize) {
        let source = KeyValue::new("omnia.source", source.to_owned());
        self.skipped
            .record(u64::try_from(keys).unwrap_or(u64::MAX), &[source]);
    }

    /// Counts one reading.
    pub fn read(&self, source: &str, read_on: Option<DateTime<Utc>>) {
        let source = KeyValue::new("omnia.source", source.to_owned());
        let outcome = if read_on.is_some() { "ok" } else { "failed" };
        let outcome = KeyValue::new("omnia.outcome", outcome);
        self.fetches.add(1, &[source.clone(), outcome]);
        if let Some(read_on) = read_on {
            self.last_success.record(read_on.timestamp(), &[source]);
        }
    }
}

impl fmt::Debug for KeyMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyMetrics").finish_non_exhaustive()
    }
}
