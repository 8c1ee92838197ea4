//! The settings as they are read: file, environment, values.

mod issuers;
mod list;
mod tls;
mod values;
