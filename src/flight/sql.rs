//! Flight SQL, told from Flight: its commands and tickets are a `google.protobuf.Any` of its messages.
//!
//! A JDBC or ADBC driver opens with one. It learns that this is Flight without SQL, and not that some field is wrong.

use prost::Message as _;
use prost_types::Any;

use crate::error::{Error, Reason, Result};

const PACKAGE: &str = "arrow.flight.protocol.sql.";

/// Lets all but Flight SQL pass.
///
/// # Errors
/// [`Reason::FlightSqlUnsupported`].
pub(super) fn refuse(command: &[u8]) -> Result<()> {
    let of_sql = Any::decode(command).is_ok_and(|any| {
        any.type_url
            .rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with(PACKAGE))
    });
    if of_sql {
        return Err(Error::new(
            Reason::FlightSqlUnsupported,
            "Flight SQL is not spoken here: a command is an ExportDecreesRequest, as its bytes or as its JSON",
        ));
    }
    Ok(())
}
