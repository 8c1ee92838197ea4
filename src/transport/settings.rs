//! `[server]`

use std::net::SocketAddr;

use serde::Deserialize;

use crate::{
    setting::{Checked, list, within},
    transport::connection::TrustedProxies,
};

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSettings {
    /// Address and port to serve on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Longest request message, in bytes.
    pub max_request_bytes: usize,
    /// How long streams under way may go on after a stop was asked for.
    pub drain_seconds: u64,
    /// Most connections at a time; fewer where the limit of open files has no room for so many.
    pub max_connections: usize,
    /// Most connections of one address (of one IPv6 /64), and never more than half of all. Addresses of `trusted_proxies` are
    /// bound by `max_connections` only.
    pub max_connections_per_address: usize,
    /// How long a client may take to begin, once the connection (and TLS on it) is there: with HTTP/2, or with the head of a request of
    /// HTTP/1.1. Also how long the body of a request in JSON may take.
    pub preface_seconds: u64,
    /// Whether gRPC reflection is served.
    pub reflection: bool,
    /// The proxies, as CIDR, whose `client_address_header` is believed.
    #[serde(deserialize_with = "list::deserialize")]
    pub trusted_proxies: Vec<String>,
    /// The header in which they name the client.
    pub client_address_header: String,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 50051)),
            max_request_bytes: 64 * 1024,
            drain_seconds: 10,
            max_connections: 1000,
            max_connections_per_address: 100,
            preface_seconds: 10,
            reflection: true,
            trusted_proxies: Vec::new(),
            client_address_header: "x-forwarded-for".to_owned(),
        }
    }
}

impl ServerSettings {
    pub(crate) fn check(&self) -> Checked {
        within(
            "server.max_request_bytes",
            self.max_request_bytes,
            1024..=16 * 1024 * 1024,
        )?;
        within("server.drain_seconds", self.drain_seconds, 0..=3600)?;
        within(
            "server.max_connections",
            self.max_connections,
            1..=1_000_000,
        )?;
        within(
            "server.max_connections_per_address",
            self.max_connections_per_address,
            1..=1_000_000,
        )?;
        within("server.preface_seconds", self.preface_seconds, 1..=600)?;
        TrustedProxies::parse(&self.trusted_proxies, &self.client_address_header)
            .map(drop)
            .map_err(|error| format!("settings: {error}"))
    }
}
