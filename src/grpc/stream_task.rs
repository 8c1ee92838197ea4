//! Streams that a task makes: exports and downloads.
//!
//! The task hands message after message through a channel of two: memory does not grow with the rows, and the next message
//! is made while the last one travels. The channel carries no end of its own: when it closes, the stream asks the task
//! how it ended, and sends its closing message or its error. So a stream that is cut short cannot look whole, whatever
//! stopped the task.
//!
//! ```text
//! produce ── send, send, … ──► channel ──► client        and then what `produce` returned:
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

use super::places::{Full, Places, TakenPlace};
use crate::{
    call_record::CallRecord,
    error::{Error, Reason, Result},
};

/// What tonic streams.
pub type ResponseStream<M> = Pin<Box<dyn Stream<Item = Result<M, Status>> + Send>>;

/// Messages that may wait for the client.
const BUFFERED: usize = 2;

/// The limits of the streams of a server, all calls together. Cheap to clone.
#[derive(Debug, Clone)]
pub struct StreamLimits {
    /// How many may run at a time, in all and of one subject.
    pub places: Places,
    /// How long one may last. tonic's own timeouts end at the response headers.
    pub duration: Duration,
    /// Cancelled when the server has no more time to drain.
    pub shutdown: CancellationToken,
}

/// The right to run, given back when the task has ended.
pub type StreamPermit = TakenPlace;

/// Where the task's messages go.
#[derive(Debug)]
pub struct StreamSender<M>(mpsc::Sender<StreamMessage<M>>);

/// A message on its way.
#[derive(Debug)]
struct StreamMessage<M> {
    messaggio: M,
    righe: i64,
    resume_point: Option<ResumePoint>,
}

/// Where the stream goes on after a message: what the contract calls it, and its value.
pub type ResumePoint = (&'static str, String);

impl<M> StreamSender<M> {
    /// Hands a message on, once there is room for it. `righe`: the rows in it, for the log.
    ///
    /// # Errors
    /// The client has gone, so the error goes unread.
    pub async fn send(&self, messaggio: M, righe: i64) -> Result<()> {
        self.hand_on(messaggio, righe, None).await
    }

    /// As [`Self::send`], of a message after which the stream can be taken up again.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn send_resumable(
        &self,
        messaggio: M,
        righe: i64,
        resume_point: ResumePoint,
    ) -> Result<()> {
        self.hand_on(messaggio, righe, Some(resume_point)).await
    }

    async fn hand_on(
        &self,
        messaggio: M,
        righe: i64,
        resume_point: Option<ResumePoint>,
    ) -> Result<()> {
        let passo = StreamMessage {
            messaggio,
            righe,
            resume_point,
        };
        self.0.send(passo).await.map_err(|_| client_gone())
    }
}

impl StreamLimits {
    /// A place among the streams that may run, for a subject; no subject can take the last ones.
    ///
    /// # Errors
    /// [`Reason::TooManyExports`].
    pub fn permit(&self, soggetto: &str) -> Result<StreamPermit> {
        self.places.take(soggetto).map_err(|full| {
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

    /// Runs `produce` and streams what it sends, then the message that it returns. Rows are noted in `traccia` as they are sent.
    pub fn start<M, F>(
        &self,
        posto: StreamPermit,
        traccia: CallRecord,
        produce: impl FnOnce(StreamSender<M>) -> F,
    ) -> ResponseStream<M>
    where
        M: Send + 'static,
        F: Future<Output = Result<M>> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(BUFFERED);
        let gone = sender.clone();
        let produce = produce(StreamSender(sender));
        let (deadline, stop) = (Instant::now() + self.duration, self.shutdown.clone());
        let task = tokio::spawn(async move {
            let _reservation = posto;
            tokio::select! {
                outcome = timeout_at(deadline, produce) => outcome.unwrap_or_else(|_| {
                    Err(Error::new(
                        Reason::ExportDeadline,
                        "the export lasted longer than this server allows; go on after what was received",
                    ))
                }),
                () = stop.cancelled() => Err(Error::new(
                    Reason::ShuttingDown,
                    "the server is stopping; go on after what was received",
                )),
                // Dropping what is read at this moment frees its connection.
                () = gone.closed() => Err(client_gone()),
            }
        });
        let so_far = traccia.clone();
        let messages = ReceiverStream::new(receiver).map(move |passo: StreamMessage<M>| {
            // Here and not where it was made: what is still in the channel when a client goes away was not sent.
            traccia.add_rows(usize::try_from(passo.righe).unwrap_or_default());
            if passo.resume_point.is_some() {
                traccia.note(|facts| facts.resume_point = passo.resume_point);
            }
            Ok(passo.messaggio)
        });
        let end = stream::once(async move {
            let outcome = task.await.unwrap_or_else(|e| Err(Error::internal(e)));
            outcome.map_err(|error| {
                Status::from(match error.reason {
                    Reason::ExportDeadline | Reason::ShuttingDown => {
                        so_far.with_resume_point(error)
                    }
                    _ => error,
                })
            })
        });
        Box::pin(messages.chain(end))
    }
}

fn client_gone() -> Error {
    Error::new(Reason::Internal, "the client has gone")
}
