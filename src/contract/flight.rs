//! The calls of Arrow Flight that this server answers. Their contract is Apache Arrow's, so no descriptor of ours names them.

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
