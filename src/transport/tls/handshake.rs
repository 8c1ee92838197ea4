//! One handshake, from an accepted TCP connection to one that is ready for HTTP/2.

use std::{fmt, io, sync::Arc, time::Duration};

use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{Error, ServerConfig},
};

use crate::transport::{
    Slot,
    connection::CertificateParseError,
    connection_io::{Connection, Patience},
};

/// The first byte of a TLS connection: a record that carries a handshake (RFC 8446, 5.1).
const HANDSHAKE: u8 = 22;

/// Why a connection came to nothing.
#[derive(Debug)]
pub(super) enum HandshakeFailure {
    /// The client took too long.
    TimedOut,
    /// The client went away.
    Closed,
    /// It had to make room for another connection.
    Evicted,
    /// The client does not speak TLS.
    PlainText,
    /// The client named protocols (ALPN, RFC 7301), and neither HTTP/2 nor HTTP/1.1 was among them.
    NoProtocol,
    /// The client showed no certificate, or one that is not good.
    ClientCertificate(String),
    /// The client does not trust us, or has nothing in common with us.
    Tls(io::Error),
}

impl HandshakeFailure {
    /// As metrics name it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::TimedOut => "timeout",
            Self::Closed => "closed",
            Self::Evicted => "evicted",
            Self::PlainText => "plaintext",
            Self::NoProtocol => "no_protocol",
            Self::ClientCertificate(_) => "client_certificate",
            Self::Tls(_) => "tls",
        }
    }
}

impl fmt::Display for HandshakeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("the client took too long"),
            Self::Closed => f.write_str("the client went away"),
            Self::Evicted => f.write_str("it had to make room for another connection"),
            Self::PlainText => f.write_str("the client does not speak TLS"),
            Self::NoProtocol => {
                f.write_str("the client did not ask for HTTP/2 or HTTP/1.1 (ALPN h2, http/1.1)")
            }
            Self::ClientCertificate(why) => write!(f, "the client's certificate: {why}"),
            Self::Tls(error) => write!(f, "{error}"),
        }
    }
}

impl From<CertificateParseError> for HandshakeFailure {
    fn from(error: CertificateParseError) -> Self {
        Self::ClientCertificate(error.to_string())
    }
}

impl From<io::Error> for HandshakeFailure {
    fn from(error: io::Error) -> Self {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
        match tls {
            Some(Error::NoCertificatesPresented) => {
                Self::ClientCertificate("none was shown".to_owned())
            }
            Some(Error::InvalidCertificate(why)) => Self::ClientCertificate(format!("{why:?}")),
            Some(Error::NoApplicationProtocol) => Self::NoProtocol,
            Some(_) => Self::Tls(error),
            None => Self::Closed,
        }
    }
}

/// Shakes hands within `waiter`.
pub(super) async fn shake_hands(
    tcp: TcpStream,
    config: Arc<ServerConfig>,
    waiter: Duration,
    slot: Slot,
    patience: Patience,
) -> Result<Connection, HandshakeFailure> {
    let evicted = slot.clone();
    tokio::select! {
        ended = timeout(waiter, accept(tcp, config, slot, patience)) => {
            ended.unwrap_or(Err(HandshakeFailure::TimedOut))
        }
        () = evicted.evicted() => Err(HandshakeFailure::Evicted),
    }
}

async fn accept(
    tcp: TcpStream,
    config: Arc<ServerConfig>,
    slot: Slot,
    patience: Patience,
) -> Result<Connection, HandshakeFailure> {
    // Somebody who speaks something else gets no byte from us, not even an alert.
    let mut first = [0];
    match tcp.peek(&mut first).await? {
        0 => return Err(HandshakeFailure::Closed),
        _ if first != [HANDSHAKE] => return Err(HandshakeFailure::PlainText),
        _ => {}
    }
    let tls = TlsAcceptor::from(config).accept(tcp).await?;
    Ok(Connection::encrypted(tls, slot, patience)?)
}
