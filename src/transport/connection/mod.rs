//! What is known of the connection that a call came on: the client's address, its certificate.
//!
//! ```text
//! TCP peer 10.0.0.7 ── not a trusted proxy ─────────────────────────► indirizzo 10.0.0.7, whatever the headers say
//! TCP peer 10.0.0.7 ── a trusted proxy, "x-forwarded-for: 1.2.3.4, 198.51.100.9, 10.0.0.8"
//!                      from the right: 10.0.0.8 is trusted too, 198.51.100.9 is not ─► indirizzo 198.51.100.9
//! TCP peer 10.0.0.7 ── a trusted proxy, "x-forwarded-for: unknown" ─► no indirizzo: nobody's, above all not the proxy's
//! TLS client certificate ───────────────────────────────────────────► certificate: its fingerprint and names
//! ```
//!
//! A header counts only as far as trusted proxies wrote it: what stands to the left of the first address that is not
//! theirs, the client may have written itself. A call without a known address is refused where a grant restricts networks.

mod certificate;
mod trusted_proxies;

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use http::{Extensions, HeaderMap, Request};
use tower::util::MapRequestLayer;

pub use certificate::{CertificateInfo, CertificateParseError};
pub use trusted_proxies::{TrustedProxies, TrustedProxiesError};

/// What the accept loop knows of a connection. Every request on it has this in its extensions.
#[derive(Debug, Clone)]
pub struct ConnectionInfo {
    /// The other end of the TCP connection.
    pub peer: Option<SocketAddr>,
    /// The client's certificate, verified against the authorities of the settings.
    pub certificate: Option<Arc<CertificateInfo>>,
}

/// What is known of the connection of one call. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientConnection {
    indirizzo: Option<IpAddr>,
    certificate: Option<Arc<CertificateInfo>>,
}

impl ClientConnection {
    /// Reads it off a request: a pure function of its extensions, its headers and the settings.
    #[must_use]
    pub fn of_request(
        extensions: &Extensions,
        headers: &HeaderMap,
        trusted_proxies: &TrustedProxies,
    ) -> Self {
        let connection: Option<&ConnectionInfo> = extensions.get();
        let peer = connection.and_then(|c| c.peer).map(|peer| peer.ip());
        Self::new(
            peer.and_then(|peer| trusted_proxies.client_address(peer, headers)),
            connection.and_then(|c| c.certificate.clone()),
        )
    }

    /// An address and a certificate, as they are.
    #[must_use]
    pub fn new(indirizzo: Option<IpAddr>, certificate: Option<Arc<CertificateInfo>>) -> Self {
        Self {
            indirizzo: indirizzo.map(|ip| ip.to_canonical()),
            certificate,
        }
    }

    /// The client's address, an IPv4 one as IPv4. `None`: not known; refused where the address decides.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.indirizzo
    }

    /// The client's certificate, where it showed one (mutual TLS).
    #[must_use]
    pub fn certificate(&self) -> Option<&CertificateInfo> {
        self.certificate.as_deref()
    }
}

/// The layer that works out a call's [`ClientConnection`] and puts it into the extensions, before the layers that decide by it or
/// write it down. It believes these proxies.
pub fn client_connection<B>(
    proxies: TrustedProxies,
) -> MapRequestLayer<impl Fn(Request<B>) -> Request<B> + Clone> {
    let proxies = Arc::new(proxies);
    MapRequestLayer::new(move |mut request: Request<B>| {
        let channel =
            ClientConnection::of_request(request.extensions(), request.headers(), &proxies);
        request.extensions_mut().insert(channel);
        request
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_accept_loop_nothing_is_known() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "1.2.3.4".parse().unwrap());
        let channel =
            ClientConnection::of_request(&Extensions::new(), &headers, &TrustedProxies::default());
        assert_eq!(channel, ClientConnection::default());
    }

    #[test]
    fn an_ipv4_peer_on_an_ipv6_socket_is_ipv4() {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectionInfo {
            peer: Some("[::ffff:192.0.2.1]:99".parse().unwrap()),
            certificate: None,
        });
        let channel = ClientConnection::of_request(
            &extensions,
            &HeaderMap::new(),
            &TrustedProxies::default(),
        );
        assert_eq!(channel.address(), Some("192.0.2.1".parse().unwrap()));
    }
}
