//! Arrow Flight: its messages, and the calls of it that this server answers. The contract is Apache Arrow's, so no descriptor of ours
//! names them.
//!
//! The messages are generated from `proto/arrow/flight`. The crate `arrow-flight` has the same, and with them what we do not use:
//! a client, and the casts and comparisons of arrays, which take two minutes of processor to compile. The tests use its client.

/// The generated messages and server. Arrow's documentation has what each field means.
pub mod protocol {
    #![allow(missing_docs, clippy::all, clippy::pedantic)]

    tonic::include_proto!("arrow.flight.protocol");
}

/// The flights there are: one for each norm in scope.
pub const LIST_FLIGHTS: &str = "FlightService/ListFlights";
/// Plans a flight.
pub const GET_FLIGHT_INFO: &str = "FlightService/GetFlightInfo";
/// The schema of a flight, before it is planned.
pub const GET_SCHEMA: &str = "FlightService/GetSchema";
/// The rows of a ticket.
pub const DO_GET: &str = "FlightService/DoGet";

/// The calls of Arrow Flight that are answered. There are no others.
pub const CHIAMATE: [&str; 4] = [LIST_FLIGHTS, GET_FLIGHT_INFO, GET_SCHEMA, DO_GET];
