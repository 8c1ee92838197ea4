//! One accepted connection, in plain text or in TLS, and what every request on it is told of it.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

use super::raccolto::Raccolto;
use crate::canale::{Certificato, CertificatoError, Connessione};

/// A connection that is ready for HTTP/2. What is known of it is worked out once, and not for each call.
#[derive(Debug)]
pub struct Flusso {
    io: Raccolto<Io>,
    connessione: Connessione,
}

#[derive(Debug)]
enum Io {
    Chiaro(TcpStream),
    Cifrato(Box<TlsStream<TcpStream>>),
}

impl Flusso {
    /// A connection in plain text.
    #[must_use]
    pub fn chiaro(tcp: TcpStream) -> Self {
        Self {
            connessione: Connessione {
                peer: tcp.peer_addr().ok(),
                certificato: None,
            },
            io: Raccolto::new(Io::Chiaro(tcp)),
        }
    }

    /// A connection in TLS, after its handshake.
    ///
    /// # Errors
    /// The client showed a certificate that cannot be read.
    pub fn cifrato(tls: TlsStream<TcpStream>) -> Result<Self, CertificatoError> {
        let (tcp, session) = tls.get_ref();
        let certificato = session
            .peer_certificates()
            .and_then(|chain| chain.first())
            .map(|der| Certificato::from_der(der).map(Arc::new))
            .transpose()?;
        Ok(Self {
            connessione: Connessione {
                peer: tcp.peer_addr().ok(),
                certificato,
            },
            io: Raccolto::new(Io::Cifrato(Box::new(tls))),
        })
    }
}

impl Connected for Flusso {
    type ConnectInfo = Connessione;

    fn connect_info(&self) -> Connessione {
        self.connessione.clone()
    }
}

impl AsyncRead for Flusso {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Flusso {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl AsyncRead for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Chiaro(io) => Pin::new(io).poll_read(cx, buf),
            Self::Cifrato(io) => Pin::new(io).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Chiaro(io) => Pin::new(io).poll_write(cx, buf),
            Self::Cifrato(io) => Pin::new(io).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Chiaro(io) => Pin::new(io).poll_write_vectored(cx, bufs),
            Self::Cifrato(io) => Pin::new(io).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Chiaro(io) => io.is_write_vectored(),
            Self::Cifrato(io) => io.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Chiaro(io) => Pin::new(io).poll_flush(cx),
            Self::Cifrato(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Chiaro(io) => Pin::new(io).poll_shutdown(cx),
            Self::Cifrato(io) => Pin::new(io).poll_shutdown(cx),
        }
    }
}
