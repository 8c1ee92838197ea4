//! Where a path leads.

use crate::contract::proto::rpc_of;

/// Whether the server is alive. Its calls take one message, as those of the contract do; those of reflection take many.
pub(crate) const HEALTH: &str = "/grpc.health.v1.Health/";

/// The public services: whether the server is alive, and what its contract is. They hold no data.
const PUBLIC_SERVICES: [&str; 3] = [
    HEALTH,
    "/grpc.reflection.v1.ServerReflection/",
    "/grpc.reflection.v1alpha.ServerReflection/",
];

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// To a public service.
    Public,
    /// To a service of the contract, or to Arrow Flight: `"DecreeService/ListDecrees"`, `"FlightService/DoGet"`, whether
    /// or not there is such a call.
    Contract(&'a str),
    /// Nowhere.
    Unknown,
}

/// Reads a path: by its exact prefix, for what is not listed leads nowhere.
#[must_use]
pub fn route(path: &str) -> Route<'_> {
    if PUBLIC_SERVICES
        .iter()
        .any(|prefix| path.starts_with(prefix))
    {
        return Route::Public;
    }
    path.strip_prefix('/')
        .filter(|path| !path.starts_with('/'))
        .and_then(rpc_of)
        .map_or(Route::Unknown, Route::Contract)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_prefixes_open() {
        for free in [
            "/grpc.health.v1.Health/Check",
            "/grpc.health.v1.Health/Watch",
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        ] {
            assert_eq!(route(free), Route::Public, "{free}");
        }
        for (path, rpc) in [
            ("DecreeService/ListDecrees", "DecreeService/ListDecrees"),
            ("DecreeService/listdecrees", "DecreeService/listdecrees"),
            ("DecreeService/ListDecrees/", "DecreeService/ListDecrees/"),
            ("", ""),
        ] {
            let path = format!("/inps.omnia.monitoraggio.v1.{path}");
            assert_eq!(route(&path), Route::Contract(rpc), "{path}");
        }
        for method in ["DoGet", "DoPut", "Handshake", "NoSuch"] {
            let rpc = format!("FlightService/{method}");
            let path = format!("/arrow.flight.protocol.{rpc}");
            assert_eq!(route(&path), Route::Contract(&rpc), "{path}");
        }
        for nowhere in [
            "/inps.omnia.monitoraggio.v1.FlightService/DoGet",
            "/arrow.flight.protocol.DecreeService/ListDecrees",
            "/arrow.flight.protocol.FlightService",
            "/arrow.flight.protocol.sql.FlightService/DoGet",
            "",
            "/",
            "*",
            "/grpc.health.v1.Healthy/Check",
            "/grpc.health.v1.Health",
            "//grpc.health.v1.Health/Check",
            "/GRPC.health.v1.Health/Check",
            "/inps.omnia.monitoraggio.v1",
            "/inps.omnia.monitoraggio.v2.DecreeService/ListDecrees",
            "/inps.omnia.monitoraggio.v10.DecreeService/ListDecrees",
            "//inps.omnia.monitoraggio.v1.DecreeService/ListDecrees",
            "/%69nps.omnia.monitoraggio.v1.DecreeService/ListDecrees",
        ] {
            assert_eq!(route(nowhere), Route::Unknown, "{nowhere}");
        }
    }
}
