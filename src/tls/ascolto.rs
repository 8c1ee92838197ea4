//! Where the server listens, and the connections that come of it.

use std::{collections::VecDeque, convert::Infallible, net::SocketAddr, time::Duration};

use futures_util::{Stream, stream};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
    time::sleep,
};

use super::{
    Limiti, Tls,
    stretta::{Fallita, stringi},
};
use crate::{rpc::flusso::Flusso, telemetry};

/// After an error of accept(2), which may come of having no file descriptor left.
const PAUSA: Duration = Duration::from_millis(100);

/// An open port, in plain text or in TLS.
#[derive(Debug)]
pub struct Ascolto {
    listener: TcpListener,
    tls: Option<Tls>,
}

impl From<TcpListener> for Ascolto {
    /// In plain text.
    fn from(listener: TcpListener) -> Self {
        Self::new(listener, None)
    }
}

impl Ascolto {
    /// In TLS, if there is any.
    #[must_use]
    pub fn new(listener: TcpListener, tls: Option<Tls>) -> Self {
        Self { listener, tls }
    }

    /// The certificates of new connections, if they are in TLS.
    #[must_use]
    pub fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// The connections that are ready for HTTP/2. It never ends, and a connection that fails is not in it.
    pub fn connessioni(self) -> impl Stream<Item = Result<Flusso, Infallible>> + Send {
        let porta = Porta {
            ascolto: self,
            strette: JoinSet::new(),
            in_corso: VecDeque::new(),
        };
        stream::unfold(porta, |mut porta| async {
            Some((Ok(porta.prossima().await), porta))
        })
    }
}

struct Porta {
    ascolto: Ascolto,
    strette: JoinSet<Option<Flusso>>,
    /// Of these, the one that began first stands first.
    in_corso: VecDeque<AbortHandle>,
}

impl Porta {
    async fn prossima(&mut self) -> Flusso {
        loop {
            let (tcp, peer) = tokio::select! {
                biased;
                Some(ended) = self.strette.join_next() => match ended {
                    Ok(Some(flusso)) => return flusso,
                    // Failed, and said so; or was ended by us.
                    _ => continue,
                },
                accepted = accetta(&self.ascolto.listener) => accepted,
            };
            match self.ascolto.tls.clone() {
                None => return Flusso::chiaro(tcp),
                Some(tls) => self.stringi(tls, tcp, peer),
            }
        }
    }

    /// Begins a handshake. Where there are too many, the oldest makes room: a client that means it is done in two round
    /// trips, so that those who say nothing cannot keep others out.
    fn stringi(&mut self, tls: Tls, tcp: TcpStream, peer: SocketAddr) {
        let Limiti {
            durata,
            contemporanee: most,
        } = tls.limiti();
        if self.in_corso.len() >= most {
            self.in_corso.retain(|stretta| !stretta.is_finished());
        }
        if self.in_corso.len() >= most
            && let Some(oldest) = self.in_corso.pop_front()
        {
            oldest.abort();
            telemetry::record_handshake("evicted");
            tracing::debug!(most, "too many handshakes: the oldest is ended");
        }
        let stretta = async move {
            let ended = stringi(tcp, tls.config(), durata).await;
            telemetry::record_handshake(ended.as_ref().map_or_else(Fallita::nome, |_| "ok"));
            ended
                .inspect_err(|error| match error {
                    // What an integrator looks for.
                    Fallita::Certificato(_) => {
                        tracing::info!(%peer, %error, "TLS connection refused");
                    }
                    _ => tracing::debug!(%peer, %error, "TLS handshake failed"),
                })
                .ok()
        };
        self.in_corso.push_back(self.strette.spawn(stretta));
    }
}

/// The next TCP connection. Errors are of one connection, or pass.
async fn accetta(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((tcp, peer)) => {
                // Answers are small. On a connection that is gone already it fails, and so will the first read.
                let _ = tcp.set_nodelay(true);
                return (tcp, peer);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                sleep(PAUSA).await;
            }
        }
    }
}
