//! One accepted connection, in plain text or in TLS, and what every request on it is told of it.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use crate::transport::{
    Guarded, Slot,
    coalescing_io::CoalescingIo,
    connection::{CertificateInfo, CertificateParseError, ConnectionInfo},
};

/// How long its client may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// To begin: with preface and SETTINGS, or with the head of a request.
    pub opening: Duration,
    /// To take a byte of what is written.
    pub writing: Duration,
    /// To take a piece of an answer, where the windows of HTTP/2 are what it waits for.
    pub answer: Duration,
}

/// A connection that is ready for its first request. What is known of it is worked out once, and not for each call.
#[derive(Debug)]
pub struct Connection {
    io: CoalescingIo<Guarded<Io>>,
    slot: Slot,
    patience: Patience,
    connection: ConnectionInfo,
}

/// In plain text, or in TLS.
type Io = Either<TcpStream, Box<TlsStream<TcpStream>>>;

impl Connection {
    /// A connection in plain text.
    #[must_use]
    pub fn plain(tcp: TcpStream, slot: Slot, patience: Patience) -> Self {
        let connection = ConnectionInfo {
            peer: tcp.peer_addr().ok(),
            certificate: None,
        };
        Self::new(Io::Left(tcp), connection, slot, patience)
    }

    /// A connection in TLS, after its handshake.
    ///
    /// # Errors
    /// The client showed a certificate that cannot be read.
    pub fn encrypted(
        tls: TlsStream<TcpStream>,
        slot: Slot,
        patience: Patience,
    ) -> Result<Self, CertificateParseError> {
        let (tcp, session) = tls.get_ref();
        let certificate = session
            .peer_certificates()
            .and_then(|chain| chain.first())
            .map(|der| CertificateInfo::from_der(der).map(Arc::new))
            .transpose()?;
        let connection = ConnectionInfo {
            peer: tcp.peer_addr().ok(),
            certificate,
        };
        let io = Io::Right(Box::new(tls));
        Ok(Self::new(io, connection, slot, patience))
    }

    fn new(io: Io, connection: ConnectionInfo, slot: Slot, patience: Patience) -> Self {
        let Patience {
            opening, writing, ..
        } = patience;
        Self {
            io: CoalescingIo::new(Guarded::new(io, slot.clone(), opening, writing)),
            slot,
            patience,
            connection,
        }
    }

    /// How long its client may take.
    #[must_use]
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// What every request on it is told of it.
    #[must_use]
    pub fn info(&self) -> &ConnectionInfo {
        &self.connection
    }

    /// Its place among the connections.
    #[must_use]
    pub fn slot(&self) -> &Slot {
        &self.slot
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
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
