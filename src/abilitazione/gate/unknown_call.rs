//! What is said of a call that there is not.

use crate::{
    contract::proto::FLIGHT_SERVICE,
    error::{Error, Reason},
};

/// There is no such call.
pub(super) fn call_unknown() -> Error {
    Error::new(Reason::CallUnknown, "there is no such call")
}

/// There is no such call in the contract, or Arrow Flight has it and this server does not.
pub(super) fn not_in_contract(rpc: &str) -> Error {
    let flight = rpc.strip_prefix(FLIGHT_SERVICE);
    if !flight.is_some_and(|method| method.starts_with('/')) {
        return call_unknown();
    }
    Error::new(
        Reason::CallUnknown,
        "of Arrow Flight, this server answers ListFlights, GetFlightInfo, GetSchema and DoGet; Flight SQL is not spoken here",
    )
}
