//! One handshake, from an accepted TCP connection to one that is ready for HTTP/2.

use std::{fmt, io, sync::Arc, time::Duration};

use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{Error, ServerConfig},
};

use super::materiale::H2;
use crate::transport::{
    Slot,
    canale::CertificatoError,
    flusso::{Flusso, Patience},
};

/// The first byte of a TLS connection: a record that carries a handshake (RFC 8446, 5.1).
const HANDSHAKE: u8 = 22;

/// Why a connection came to nothing.
#[derive(Debug)]
pub(super) enum Fallita {
    /// The client took too long.
    Lenta,
    /// The client went away.
    Chiusa,
    /// It had to make room for another connection.
    Evicted,
    /// The client does not speak TLS.
    InChiaro,
    /// The client does not speak HTTP/2 (RFC 9113, 3.2 requires it to say so).
    SenzaH2,
    /// The client showed no certificate, or one that is not good.
    Certificato(String),
    /// The client does not trust us, or has nothing in common with us.
    Tls(io::Error),
}

impl Fallita {
    /// As metrics name it.
    pub(super) fn nome(&self) -> &'static str {
        match self {
            Self::Lenta => "timeout",
            Self::Chiusa => "closed",
            Self::Evicted => "evicted",
            Self::InChiaro => "plaintext",
            Self::SenzaH2 => "no_h2",
            Self::Certificato(_) => "client_certificate",
            Self::Tls(_) => "tls",
        }
    }
}

impl fmt::Display for Fallita {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lenta => f.write_str("the client took too long"),
            Self::Chiusa => f.write_str("the client went away"),
            Self::Evicted => f.write_str("it had to make room for another connection"),
            Self::InChiaro => f.write_str("the client does not speak TLS"),
            Self::SenzaH2 => f.write_str("the client did not ask for HTTP/2 (ALPN h2)"),
            Self::Certificato(why) => write!(f, "the client's certificate: {why}"),
            Self::Tls(error) => write!(f, "{error}"),
        }
    }
}

impl From<CertificatoError> for Fallita {
    fn from(error: CertificatoError) -> Self {
        Self::Certificato(error.to_string())
    }
}

impl From<io::Error> for Fallita {
    fn from(error: io::Error) -> Self {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
        match tls {
            Some(Error::NoCertificatesPresented) => Self::Certificato("none was shown".to_owned()),
            Some(Error::InvalidCertificate(why)) => Self::Certificato(format!("{why:?}")),
            Some(Error::NoApplicationProtocol) => Self::SenzaH2,
            Some(_) => Self::Tls(error),
            None => Self::Chiusa,
        }
    }
}

/// Shakes hands within `attesa`.
pub(super) async fn stringi(
    tcp: TcpStream,
    config: Arc<ServerConfig>,
    attesa: Duration,
    slot: Slot,
    patience: Patience,
) -> Result<Flusso, Fallita> {
    let evicted = slot.clone();
    tokio::select! {
        ended = timeout(attesa, entro(tcp, config, slot, patience)) => {
            ended.unwrap_or(Err(Fallita::Lenta))
        }
        () = evicted.evicted() => Err(Fallita::Evicted),
    }
}

async fn entro(
    tcp: TcpStream,
    config: Arc<ServerConfig>,
    slot: Slot,
    patience: Patience,
) -> Result<Flusso, Fallita> {
    // Somebody who speaks something else gets no byte from us, not even an alert.
    let mut first = [0];
    match tcp.peek(&mut first).await? {
        0 => return Err(Fallita::Chiusa),
        _ if first != [HANDSHAKE] => return Err(Fallita::InChiaro),
        _ => {}
    }
    let tls = TlsAcceptor::from(config).accept(tcp).await?;
    // A client that names no protocol at all gets this far.
    if tls.get_ref().1.alpn_protocol() != Some(H2) {
        return Err(Fallita::SenzaH2);
    }
    Ok(Flusso::cifrato(tls, slot, patience)?)
}
