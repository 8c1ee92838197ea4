//! The methods that exist.
//!
//! A caller may ask for any path. Each that became the attribute of a metric would be a new time series, for as long as
//! somebody cares to invent paths; so whatever is not in a descriptor that we serve, or a call of Arrow Flight that we answer, is `_OTHER`, as the conventions say.

use std::{collections::HashSet, sync::OnceLock};

use prost::Message as _;
use prost_types::FileDescriptorSet;

use crate::{
    contract::{
        flight,
        proto::{FILE_DESCRIPTOR_SET, path_of},
    },
    valori::tax_codes::masked,
};

const OTHER: &str = "_OTHER";

/// What is kept of a path that somebody invented.
const MOST: usize = 120;

/// What a caller asked for where that is no method that exists: for a span, which may be as particular as its call, and no metric.
/// Control characters are left out, and it has an end. Codici fiscali in it are masked: spans go into log lines and to the collector, and
/// neither may know one.
pub(super) fn original(path: &str) -> Option<String> {
    if of(path) != OTHER {
        return None;
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    Some(
        masked(path)
            .chars()
            .filter(|c| !c.is_control())
            .take(MOST)
            .collect(),
    )
}

/// The method of a gRPC path, `/package.Service/Method`, without the first slash.
pub(super) fn of(path: &str) -> &'static str {
    static KNOWN: OnceLock<HashSet<String>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| {
        [
            FILE_DESCRIPTOR_SET,
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
        ]
        .into_iter()
        .flat_map(methods)
        .chain(flight::CHIAMATE.into_iter().map(path_of))
        .collect()
    });
    path.strip_prefix('/')
        .and_then(|method| known.get(method))
        .map_or(OTHER, String::as_str)
}

fn methods(encoded: &[u8]) -> Vec<String> {
    // Compiled in; the test below would miss its methods.
    let set = FileDescriptorSet::decode(encoded).unwrap_or_default();
    let mut methods = Vec::new();
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                let (package, service, method) = (file.package(), service.name(), method.name());
                methods.push(format!("{package}.{service}/{method}"));
            }
        }
    }
    methods
}

#[cfg(test)]
mod tests {
    use super::{of, original};

    #[test]
    fn what_is_served_is_named_and_the_rest_is_not() {
        for known in [
            "inps.omnia.monitoraggio.v1.ReportService/GetReportSintetico",
            "inps.omnia.monitoraggio.v1.DecreeService/ExportDecrees",
            "inps.omnia.monitoraggio.v1.AccessService/GetMyAccess",
            "arrow.flight.protocol.FlightService/DoGet",
            "grpc.health.v1.Health/Check",
            "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        ] {
            assert_eq!(of(&format!("/{known}")), known);
            assert_eq!(of(known), "_OTHER");
            assert_eq!(of(&format!("/{known}x")), "_OTHER");
        }
        assert_eq!(of("/arrow.flight.protocol.FlightService/DoPut"), "_OTHER");
        assert_eq!(original("/grpc.health.v1.Health/Check"), None);
        assert_eq!(original("/made.up/Path").as_deref(), Some("made.up/Path"));
        let person = original("/made.up/TINIT-rssmra85t10a562s");
        assert_eq!(person.as_deref(), Some("made.up/TINIT-[codice fiscale]"));
        let long = format!("/{}", "x".repeat(1000));
        assert_eq!(original(&long).map(|kept| kept.len()), Some(120));
        for unknown in ["", "/", "//", "/inps.omnia.monitoraggio.v1.ReportService/"] {
            assert_eq!(of(unknown), "_OTHER");
        }
    }
}
