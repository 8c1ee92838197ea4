//! Measurements of what is reloaded while the service runs: the policy, the certificates.

use std::{fmt, sync::OnceLock};

use chrono::{DateTime, Utc};
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Meter},
};

static METRICS: OnceLock<ReloadMetrics> = OnceLock::new();

/// Makes [`record_reload`] and [`record_in_force`] measure into `metrics`.
pub(super) fn install(metrics: ReloadMetrics) {
    // A second set is refused before this, by the subscriber.
    let _ = METRICS.set(metrics);
}

/// Counts a reload of a component (`policy`). Nothing, as long as no collector is set.
pub fn record_reload(component: &'static str, accepted: bool) {
    if let Some(metrics) = METRICS.get() {
        metrics.reload(component, accepted);
    }
}

/// Says whether what is on disk of a component is what is in force. Nothing, as long as no collector is set.
pub fn record_in_force(component: &'static str, in_force: bool) {
    if let Some(metrics) = METRICS.get() {
        metrics.in_force(component, in_force);
    }
}

/// Says that a version is in force in place of another, and that this was so at an instant. Nothing, as long as no
/// collector is set.
pub fn record_version(component: &'static str, before: &str, version: &str, at: DateTime<Utc>) {
    if let Some(metrics) = METRICS.get() {
        metrics.version(component, before, version, at);
    }
}

/// What is measured of reloads.
#[derive(Clone)]
pub struct ReloadMetrics {
    count: Counter<u64>,
    in_force: Gauge<u64>,
    version: Gauge<u64>,
    last_success: Gauge<i64>,
}

impl ReloadMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            count: meter
                .u64_counter("omnia.reload.count")
                .with_unit("{reload}")
                .with_description("Reloads of policy and certificates, accepted and refused.")
                .build(),
            in_force: meter
                .u64_gauge("omnia.reload.in_force")
                .with_unit("1")
                .with_description(
                    "1: what is on disk is in force; 0: it was refused, the one before is.",
                )
                .build(),
            version: meter
                .u64_gauge("omnia.reload.version")
                .with_unit("1")
                .with_description("1: the version in force; 0: one that was.")
                .build(),
            last_success: meter
                .i64_gauge("omnia.reload.last_success")
                .with_unit("s")
                .with_description("When a version was last put in force or found in force, in seconds since 1970.")
                .build(),
        }
    }

    /// Counts one reload.
    pub fn reload(&self, component: &'static str, accepted: bool) {
        let outcome = if accepted { "accepted" } else { "refused" };
        let attributes = [
            KeyValue::new("omnia.component", component),
            KeyValue::new("omnia.outcome", outcome),
        ];
        self.count.add(1, &attributes);
    }

    /// Whether what is on disk is in force.
    pub fn in_force(&self, component: &'static str, in_force: bool) {
        let attributes = [KeyValue::new("omnia.component", component)];
        self.in_force.record(u64::from(in_force), &attributes);
    }

    /// Which version is in force, and since when that is known.
    pub fn version(&self, component: &'static str, before: &str, version: &str, at: DateTime<Utc>) {
        let attributes = |version: &str| {
            [
                KeyValue::new("omnia.component", component),
                KeyValue::new("omnia.version", version.to_owned()),
            ]
        };
        if !before.is_empty() && before != version {
            self.version.record(0, &attributes(before));
        }
        self.version.record(1, &attributes(version));
        let attributes = [KeyValue::new("omnia.component", component)];
        self.last_success.record(at.timestamp(), &attributes);
    }
}

impl fmt::Debug for ReloadMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReloadMetrics").finish_non_exhaustive()
    }
}
