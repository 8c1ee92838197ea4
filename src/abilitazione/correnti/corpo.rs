//! The body of a stream that may be taken from its client half-way.
//!
//! ```text
//! client ◄── Interrompibile ◄── the stream's own body
//!                  ▲
//!    Presa::togli ─┘  the body is dropped, which stops whoever fills it; the client's last frame is the status
//! ```

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tonic::{Status, body::Body};

/// The other end of an [`Interrompibile`]: takes the stream away.
#[derive(Debug, Clone)]
pub(super) struct Presa(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    stato: Mutex<Stato>,
    waker: AtomicWaker,
}

#[derive(Debug)]
enum Stato {
    Corre(Body),
    /// With what is still to be sent.
    Tolta(Option<HeaderMap>),
}

/// A body that goes on until it ends or its [`Presa`] takes it away. `F` is dropped with it.
pub(super) struct Interrompibile<F> {
    presa: Presa,
    _fine: F,
}

impl Presa {
    /// Ends the stream with a status, whether or not its client is reading. What was handed on before is sent before it.
    pub(super) fn togli(&self, status: &Status) {
        let mut trailers = HeaderMap::new();
        if let Err(error) = status.add_header(&mut trailers) {
            // The stream ends all the same, without a status: broken, never whole.
            tracing::error!(%error, "a status cannot be sent");
        }
        let body = {
            let mut stato = self.lock();
            match *stato {
                Stato::Corre(_) => std::mem::replace(&mut *stato, Stato::Tolta(Some(trailers))),
                Stato::Tolta(_) => return,
            }
        };
        // Outside the lock: what it stops may take a moment.
        drop(body);
        self.0.waker.wake();
    }

    fn lock(&self) -> MutexGuard<'_, Stato> {
        // A body that panicked is not polled again: tonic drops it.
        self.0.stato.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F> Interrompibile<F> {
    /// Around `body`; `fine` lives as long as it does.
    pub(super) fn new(body: Body, fine: F) -> Self {
        Self {
            presa: Presa(Arc::new(Inner {
                stato: Mutex::new(Stato::Corre(body)),
                waker: AtomicWaker::new(),
            })),
            _fine: fine,
        }
    }

    pub(super) fn presa(&self) -> Presa {
        self.presa.clone()
    }
}

impl<F: Unpin> http_body::Body for Interrompibile<F> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        // Before the look at the state: what is taken away after the look wakes.
        self.presa.0.waker.register(context.waker());
        let mut stato = self.presa.lock();
        match &mut *stato {
            Stato::Corre(body) => Poll::Ready(ready!(Pin::new(body).poll_frame(context))),
            Stato::Tolta(trailers) => Poll::Ready(
                trailers
                    .take()
                    .map(|trailers| Ok(Frame::trailers(trailers))),
            ),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &*self.presa.lock() {
            Stato::Corre(body) => body.is_end_stream(),
            Stato::Tolta(trailers) => trailers.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        // What it will be is not known of a stream that may be cut.
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, StreamExt as _};
    use http_body_util::{BodyExt as _, StreamBody};
    use tokio_stream::wrappers::UnboundedReceiverStream;
    use tonic::Code;

    use super::*;

    fn frames() -> (
        Interrompibile<()>,
        tokio::sync::mpsc::UnboundedSender<&'static str>,
    ) {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        let frames = UnboundedReceiverStream::new(receiver)
            .map(|text: &str| Ok::<_, Status>(Frame::data(Bytes::from(text))));
        (
            Interrompibile::new(Body::new(StreamBody::new(frames)), ()),
            sender,
        )
    }

    #[tokio::test]
    async fn it_is_the_body_until_it_is_taken_away_and_then_the_status() {
        let (mut body, sender) = frames();
        let presa = body.presa();
        sender.send("one").unwrap();
        let one = body.frame().await.unwrap().unwrap();
        assert_eq!(one.into_data().unwrap(), "one");
        sender.send("never sent").unwrap();

        presa.togli(&Status::permission_denied("revoked"));
        presa.togli(&Status::internal("too late"));
        assert!(sender.is_closed(), "whoever fills it is told");
        let last = body
            .frame()
            .await
            .unwrap()
            .unwrap()
            .into_trailers()
            .unwrap();
        let status = Status::from_header_map(&last).unwrap();
        assert_eq!(
            (status.code(), status.message()),
            (Code::PermissionDenied, "revoked")
        );
        assert!(http_body::Body::is_end_stream(&body));
        assert!(body.frame().await.is_none());
    }

    #[tokio::test]
    async fn who_waits_is_woken() {
        let (mut body, _sender) = frames();
        let presa = body.presa();
        let mut next = Box::pin(body.frame());
        assert!((&mut next).now_or_never().is_none());
        let waits = tokio::spawn(async move {
            tokio::task::yield_now().await;
            presa.togli(&Status::permission_denied("revoked"));
        });
        assert!(next.await.unwrap().unwrap().is_trailers());
        waits.await.unwrap();
    }
}
