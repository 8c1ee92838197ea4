//! What sends traces and metrics, as OpenTelemetry tells one instance from another.
//!
//! ```text
//! service.name          omnia, or OTEL_SERVICE_NAME, or service.name of OTEL_RESOURCE_ATTRIBUTES
//! service.version       of the program
//! service.instance.id   a UUID made at the start
//! …                     OTEL_RESOURCE_ATTRIBUTES: deployment.environment.name=prod,service.instance.id=…
//! ```
//!
//! The two variables are OpenTelemetry's own, so that a deployment says the same to all its programs. They win over what is ours.

use std::env;

use opentelemetry::KeyValue;
use opentelemetry_sdk::{
    Resource,
    resource::{EnvResourceDetector, TelemetryResourceDetector},
};

/// The conventions that the names follow.
pub(super) const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.45.0";

const NAME: &str = "omnia";

/// The resource of this process.
pub(super) fn of_process() -> Resource {
    let builder = Resource::builder_empty()
        .with_service_name(NAME)
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", instance_id()),
        ])
        .with_detectors(&[
            Box::new(TelemetryResourceDetector),
            Box::new(EnvResourceDetector::new()),
        ]);
    // Wins over OTEL_RESOURCE_ATTRIBUTES, as the specification says.
    let named = env::var("OTEL_SERVICE_NAME")
        .ok()
        .filter(|name| !name.is_empty());
    match named {
        Some(name) => builder.with_service_name(name),
        None => builder,
    }
    .with_schema_url([], SCHEMA_URL)
    .build()
}

/// A UUID of version 4: of each start another.
fn instance_id() -> String {
    const VERSION: u128 = 0xf << 76;
    const VARIANT: u128 = 0b11 << 62;
    let id = rand::random::<u128>() & !VERSION & !VARIANT | 4 << 76 | 0b10 << 62;
    let hex = format!("{id:032x}");
    let groups = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_has_a_uuid_of_its_own() {
        let id = instance_id();
        let groups: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(&id[14..15], "4", "{id}");
        assert!("89ab".contains(&id[19..20]), "{id}");
        assert_ne!(id, instance_id());
    }
}
