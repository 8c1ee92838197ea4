//! Where the server listens, and the connections that come of it.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{Stream, stream};
use nix::errno::Errno;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
    time::sleep,
};

use super::{
    HandshakeLimits, ServerTls,
    failures::Failures,
    handshake::{HandshakeFailure, shake_hands},
};
use crate::{
    telemetry::{self, Seldom},
    transport::{
        OpenConnections, Slot,
        connection_io::{Connection, Patience},
    },
};

/// After an error of accept(2), which may come of having no file descriptor left.
const PAUSE: Duration = Duration::from_millis(100);

/// An open port, in plain text or in TLS.
#[derive(Debug)]
pub struct Acceptor {
    listener: TcpListener,
    tls: Option<ServerTls>,
}

impl From<TcpListener> for Acceptor {
    /// In plain text.
    fn from(listener: TcpListener) -> Self {
        Self::new(listener, None)
    }
}

impl Acceptor {
    /// In TLS, if there is any.
    #[must_use]
    pub fn new(listener: TcpListener, tls: Option<ServerTls>) -> Self {
        Self { listener, tls }
    }

    /// The certificates of new connections, if they are in TLS.
    #[must_use]
    pub fn tls(&self) -> Option<&ServerTls> {
        self.tls.as_ref()
    }

    /// The connections that are ready for HTTP/2, of those that `connections` admits. It never ends, and a connection that fails is
    /// not in it.
    pub fn connections(
        self,
        connections: OpenConnections,
        patience: Patience,
    ) -> impl Stream<Item = Connection> + Send {
        let accept_loop = AcceptLoop {
            acceptor: self,
            connections,
            patience,
            failed: Seldom::default(),
            handshakes: JoinSet::new(),
            in_progress: VecDeque::new(),
            failures: Arc::default(),
        };
        stream::unfold(accept_loop, |mut accept_loop| async {
            Some((accept_loop.next_connection().await, accept_loop))
        })
    }
}

struct AcceptLoop {
    acceptor: Acceptor,
    connections: OpenConnections,
    patience: Patience,
    failed: Seldom,
    handshakes: JoinSet<Option<Connection>>,
    /// Of these, the one that began first stands first.
    in_progress: VecDeque<AbortHandle>,
    failures: Arc<Failures>,
}

impl AcceptLoop {
    async fn next_connection(&mut self) -> Connection {
        loop {
            let accepted = tokio::select! {
                biased;
                Some(ended) = self.handshakes.join_next() => match ended {
                    Ok(Some(stream)) => return stream,
                    // Failed, and said so; or was ended by us.
                    _ => continue,
                },
                accepted = self.acceptor.listener.accept() => accepted,
            };
            let (tcp, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    self.after(&error).await;
                    continue;
                }
            };
            // Dropped, and so closed, where there is no place for it.
            let Some(slot) = self.connections.admit(peer.ip()) else {
                continue;
            };
            // Answers are small. On a connection that is gone already it fails, and so will the first read.
            let _ = tcp.set_nodelay(true);
            self.connections.settle().await;
            match self.acceptor.tls.clone() {
                None => return Connection::plain(tcp, slot, self.patience),
                Some(tls) => self.begin_handshake(tls, tcp, peer, slot),
            }
        }
    }

    /// After an error of accept(2): it is of one connection, or passes. Where no file is left, a connection that is needed less than
    /// a new one gives back its own.
    async fn after(&self, error: &io::Error) {
        let out_of_files = error.raw_os_error().map(Errno::from_raw);
        let closed = matches!(out_of_files, Some(Errno::EMFILE | Errno::ENFILE))
            && self.connections.close_one();
        if let Some(times) = self.failed.now() {
            tracing::warn!(%error, times, closed, "a connection cannot be accepted");
        }
        sleep(PAUSE).await;
    }

    /// Begins a handshake. Where there are too many, the oldest makes room: a client that means it is done in two round
    /// trips, so that those who say nothing cannot keep others out.
    fn begin_handshake(&mut self, tls: ServerTls, tcp: TcpStream, peer: SocketAddr, slot: Slot) {
        let patience = self.patience;
        let HandshakeLimits {
            lifetime,
            at_once: most,
        } = tls.limits();
        if self.in_progress.len() >= most {
            self.in_progress
                .retain(|handshake| !handshake.is_finished());
        }
        if self.in_progress.len() >= most
            && let Some(oldest) = self.in_progress.pop_front()
        {
            oldest.abort();
            telemetry::record_handshake("evicted");
            if let Some(times) = self.failures.line("evicted", Instant::now()) {
                tracing::info!(most, times, "too many TLS handshakes: the oldest is ended");
            }
        }
        let failures = Arc::clone(&self.failures);
        let handshake = async move {
            let ended = shake_hands(tcp, tls.config(), lifetime, slot, patience).await;
            telemetry::record_handshake(
                ended.as_ref().map_or_else(HandshakeFailure::name, |_| "ok"),
            );
            ended
                .inspect_err(|error| {
                    // What an integrator looks for.
                    if let Some(times) = failures.line(error.name(), Instant::now()) {
                        tracing::info!(%peer, %error, times, "TLS connection refused");
                    }
                })
                .ok()
        };
        self.in_progress.push_back(self.handshakes.spawn(handshake));
    }
}
