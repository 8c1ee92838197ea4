//! The generated contract. The comments are those of the files in `proto/`.

#![allow(missing_docs, clippy::all, clippy::pedantic)]

tonic::include_proto!("inps.omnia.monitoraggio.v1");

/// Every proto of the contract and what it imports, encoded, options included.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));

/// `arrow.flight.protocol.FlightService` and what it imports, encoded: for reflection.
pub const FLIGHT_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/flight_descriptor_set.bin"));

/// The package of the contract, as it stands in a gRPC path.
pub const PACKAGE: &str = "inps.omnia.monitoraggio.v1";

/// The package of Arrow Flight, as it stands in a gRPC path.
pub const FLIGHT_PACKAGE: &str = "arrow.flight.protocol";

/// The service of Arrow Flight.
pub const FLIGHT_SERVICE: &str = "FlightService";

/// The call that a gRPC path leads to, with or without its first slash: `"DecreeService/ListDecrees"`,
/// `"FlightService/DoGet"`. Whether or not there is such a call. `None`: a path of neither package.
#[must_use]
pub fn rpc_of(path: &str) -> Option<&str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let of_package = |package| path.strip_prefix(package)?.strip_prefix('.');
    // Each package has services of its own: a call has one path.
    of_package(PACKAGE)
        .filter(|rpc| !is_flight(rpc))
        .or_else(|| of_package(FLIGHT_PACKAGE).filter(|rpc| is_flight(rpc)))
}

/// The gRPC path of a call, without its first slash.
#[must_use]
pub fn path_of(rpc: &str) -> String {
    let package = match is_flight(rpc) {
        true => FLIGHT_PACKAGE,
        false => PACKAGE,
    };
    format!("{package}.{rpc}")
}

fn is_flight(rpc: &str) -> bool {
    rpc.strip_prefix(FLIGHT_SERVICE)
        .is_some_and(|method| method.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_one_path() {
        for rpc in ["DecreeService/ListDecrees", "FlightService/DoGet"] {
            assert_eq!(rpc_of(&path_of(rpc)), Some(rpc));
            assert_eq!(rpc_of(&format!("/{}", path_of(rpc))), Some(rpc));
        }
        for none in [
            "/inps.omnia.monitoraggio.v1.FlightService/DoGet",
            "/arrow.flight.protocol.DecreeService/ListDecrees",
            "/arrow.flight.protocol.sql.FlightService/DoGet",
            "//arrow.flight.protocol.FlightService/DoGet",
            "FlightService/DoGet",
            "",
        ] {
            assert_eq!(rpc_of(none), None, "{none}");
        }
    }
}
