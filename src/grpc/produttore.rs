//! Streams that a task makes: exports and downloads.
//!
//! The task hands message after message through a channel of two: memory does not grow with the rows, and the next message
//! is made while the last one travels. The channel carries no end of its own: when it closes, the stream asks the task
//! how it ended, and sends its closing message or its error. So a stream that is cut short cannot look whole, whatever
//! stopped the task.
//!
//! ```text
//! produci ── manda, manda, … ──► channel ──► client        and then what produci returned:
//!    └ Ok(closing message) | Err ─────────────────► client
//! ```

use std::{pin::Pin, time::Duration};

use futures_util::{Stream, StreamExt as _, stream};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::{
    places::{Full, Place, Places},
    status::into_status,
};
use crate::{
    error::{Error, Reason, Result},
    traccia::Traccia,
};

/// What tonic streams.
pub type Flusso<M> = Pin<Box<dyn Stream<Item = Result<M, Status>> + Send>>;

/// Messages that may wait for the client.
const BUFFERED: usize = 2;

/// The limits of the streams of a server, all calls together. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Limiti {
    /// How many may run at a time, in all and of one subject.
    pub posti: Places,
    /// How long one may last. tonic's own timeouts end at the response headers.
    pub durata: Duration,
    /// Cancelled when the server has no more time to drain.
    pub arresto: CancellationToken,
}

/// The right to run, given back when the task has ended.
pub type Posto = Place;

/// Where the task's messages go.
#[derive(Debug)]
pub struct Mittente<M>(mpsc::Sender<Passo<M>>);

/// A message on its way.
#[derive(Debug)]
struct Passo<M> {
    messaggio: M,
    righe: i64,
    ripresa: Option<Ripresa>,
}

/// Where the stream goes on after a message: what the contract calls it, and its value.
pub type Ripresa = (&'static str, String);

impl<M> Mittente<M> {
    /// Hands a message on, once there is room for it. `righe`: the rows in it, for the log.
    ///
    /// # Errors
    /// The client has gone: nobody reads the error either.
    pub async fn manda(&self, messaggio: M, righe: i64) -> Result<()> {
        self.passa(messaggio, righe, None).await
    }

    /// As [`Self::manda`], of a message after which the stream can be taken up again.
    ///
    /// # Errors
    /// As [`Self::manda`].
    pub async fn manda_fin_qui(&self, messaggio: M, righe: i64, ripresa: Ripresa) -> Result<()> {
        self.passa(messaggio, righe, Some(ripresa)).await
    }

    async fn passa(&self, messaggio: M, righe: i64, ripresa: Option<Ripresa>) -> Result<()> {
        let passo = Passo {
            messaggio,
            righe,
            ripresa,
        };
        self.0.send(passo).await.map_err(|_| client_gone())
    }
}

impl Limiti {
    /// A place among the streams that may run, for a subject: nobody has the last ones.
    ///
    /// # Errors
    /// [`Reason::TooManyExports`].
    pub fn posto(&self, soggetto: &str) -> Result<Posto> {
        self.posti.take(soggetto).map_err(|full| {
            let (message, limit) = match full {
                Full::All => (
                    "as many exports run as this server allows; try again later",
                    "server",
                ),
                Full::Share => (
                    "as many exports of this subject run as one subject may have; try again when one has ended",
                    "subject",
                ),
            };
            Error::new(Reason::TooManyExports, message).with("limit", limit)
        })
    }

    /// Runs `produci` and streams what it sends, then the message that it returns. Rows are noted in `traccia` as they are sent.
    pub fn avvia<M, F>(
        &self,
        posto: Posto,
        traccia: Traccia,
        produci: impl FnOnce(Mittente<M>) -> F,
    ) -> Flusso<M>
    where
        M: Send + 'static,
        F: Future<Output = Result<M>> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(BUFFERED);
        let gone = sender.clone();
        let produci = produci(Mittente(sender));
        let (deadline, arresto) = (Instant::now() + self.durata, self.arresto.clone());
        let task = tokio::spawn(async move {
            let _posto = posto;
            tokio::select! {
                outcome = timeout_at(deadline, produci) => outcome.unwrap_or_else(|_| {
                    Err(Error::new(
                        Reason::ExportDeadline,
                        "the export lasted longer than this server allows; go on after what was received",
                    ))
                }),
                () = arresto.cancelled() => Err(Error::new(
                    Reason::ShuttingDown,
                    "the server is stopping; go on after what was received",
                )),
                // Dropping what is read at this moment frees its connection.
                () = gone.closed() => Err(client_gone()),
            }
        });
        let fin_qui = traccia.clone();
        let messaggi = ReceiverStream::new(receiver).map(move |passo: Passo<M>| {
            // Here and not where it was made: what is still in the channel when a client goes away was not sent.
            traccia.righe(usize::try_from(passo.righe).unwrap_or_default());
            if passo.ripresa.is_some() {
                traccia.nota(|fatti| fatti.ripresa = passo.ripresa);
            }
            Ok(passo.messaggio)
        });
        let fine = stream::once(async move {
            let outcome = task.await.unwrap_or_else(|e| Err(Error::internal(e)));
            outcome.map_err(|error| {
                into_status(match error.reason {
                    Reason::ExportDeadline | Reason::ShuttingDown => fin_qui.con_ripresa(error),
                    _ => error,
                })
            })
        });
        Box::pin(messaggi.chain(fine))
    }
}

fn client_gone() -> Error {
    Error::new(Reason::Internal, "the client has gone")
}
