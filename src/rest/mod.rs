//! The contract in HTTP and JSON, on the same port as gRPC and through the same layers.
//!
//! ```text
//! GET /v1/normative/DL109-2018-ART44/decreti?numero_decreto=1 ──► resource of ListDecrees ──► ListDecreesRequest ──► all layers, as by gRPC
//!                                                            200 application/json ◄── ListDecreesResponse ◄──┘
//!                                              4xx, 5xx application/problem+json ◄── status with its details ◄─┘
//! ```
//!
//! No handler is written twice and no rule can differ: a request in HTTP is made the very request that gRPC would have brought, and what comes
//! of it is spelt again. Which resource is which call stands in the protos (`http.proto`), as options of the calls.
//!
//! # Example
//!
//! `GET /v1/report-sintetico?normativa=DL109-2018-ART44&dal=2023-01-01` is `GetReportSintetico` with `filtro.normativa` and
//! `filtro.periodo.dal`: a parameter has the name of its field alone.

mod accept;
mod answer;
mod batch;
mod condition;
mod end_of_life;
mod file;
mod grpc_call;
mod layer;
mod lines;
pub mod openapi;
mod parameter;
mod problem;
mod public;
mod rate_limit;
mod refusal;
mod request;
mod table;
mod template;

#[cfg(feature = "cruscotto")]
pub(crate) use self::{accept::accepts_gzip, answer::zip};
pub use layer::{Rest, RestLayer};
pub use public::{Public, PublicLayer};
pub use table::{Resource, RestTable, RestTableError};
