//! What every call shares: how an error becomes a status, how a request is read, how pages are cut, how streams are made, how a call is seen.

pub mod cancellable_body;
pub mod compression;
pub mod deadline;
pub mod framing;
pub mod health;
pub mod observe;
pub mod pages;
pub mod places;
pub mod protocol;
pub mod request;
pub mod status;
pub mod stream_task;
mod timeout;
pub mod web;
