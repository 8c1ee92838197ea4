//! The detail over Arrow Flight: columns for those who compute with them, on the same port and behind the same door.
//!
//! ```text
//! GetFlightInfo   the selection as its command ──► schema, control totals, endpoints: a ticket each
//! DoGet           a ticket ──► schema, dictionaries, record batches, a last batch without rows
//! ```
//!
//! # Example
//!
//! ```text
//! command    {"normativa": "DL109-2018-ART44", "filtro": {"periodo": {"dal": "2023-01-01"}}}
//!            or the bytes of the same ExportDecreesRequest ([`command`])
//! FlightInfo 1,000,000 rows, totali …;  endpoint 1: ticket A;  endpoint 2: ticket B; …
//! DoGet(A)   schema
//!            batch, app_metadata {"ripresa": "ticket of what follows this batch"}
//!            batch, app_metadata {"ripresa": …}
//!            batch without rows, app_metadata {"chiusura": {"righe": "250131", "importi_erogati": "…", …}}
//! ```
//!
//! Endpoints are ranges of the reading order without a row in common, and together all of them: they can be read in any
//! order and at the same time. The `ripresa` of a batch is a ticket too: what it gives continues after that batch.
//!
//! A stream without `chiusura` is broken. Its totals are those of the rows of that stream; those of all the streams of
//! a flight add up to those in the schema's metadata, which were counted when the flight was planned ([`plan`]).
//!
//! A ticket gives nothing by itself ([`ticket`]): it names a selection, which is decided on again for the caller who shows it.

pub mod command;
mod encoder;
mod flight_stream;
mod list;
pub mod messages;
mod plan;
mod schema;
pub mod service;
mod sql;
pub mod ticket;
