//! The body of a stream that may be taken from its client half-way.
//!
//! ```text
//! client ◄── CancellableBody ◄── the stream's own body
//!                  ▲
//!                  └─ CancelHandle::cancel: the body is dropped, which stops its producer and gives back what it held (places);
//!                     the client's last frame is the status
//! ```
//!
//! It also knows how long ago the client last took something. HTTP/2 asks for the next piece once the client has made room for
//! what it was given before: a piece that is not asked for means a client that does not read. For that to tell a slow client
//! from one that stopped, a long message goes out in pieces, of which a client that takes them quickly gets ever larger ones.

use std::{
    any::Any,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tokio_util::sync::CancellationToken;
use tonic::{Status, body::Body};

/// The first piece, and every one for a client that is slow.
const SMALL: usize = 64 * 1024;
/// No piece is larger: as long as a frame that a client may ask for, and it is time to look again.
const LARGE: usize = 1024 * 1024;
/// A piece that is taken sooner is taken quickly.
const QUICKLY: Duration = Duration::from_millis(250);

/// The other end of an [`CancellableBody`]: takes the stream away. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct CancelHandle(Arc<CancelHandleInner>);

#[derive(Debug, Default)]
struct CancelHandleInner {
    stato: Mutex<StreamState>,
    waker: AtomicWaker,
    /// Cancelled when the receiver is gone.
    end: CancellationToken,
}

#[derive(Debug, Default)]
struct StreamState {
    phase: StreamPhase,
    /// Held as long as the stream runs.
    held: Vec<HeldValue>,
    /// Of a message of which a part was handed on already: it goes out whole.
    rest: Bytes,
    /// How much is handed on at a time.
    pezzo: usize,
    /// When something was handed on that was not taken yet.
    given_at: Option<Instant>,
    /// How it was ended.
    status: Option<Status>,
}

#[derive(Debug, Default)]
enum StreamPhase {
    /// The answer is not there yet.
    #[default]
    Waiting,
    Running(Body),
    /// With what is still to be sent.
    Cancelled(Option<HeaderMap>),
    Finished,
}

struct HeldValue(#[expect(dead_code, reason = "for its drop")] Box<dyn Any + Send>);

impl std::fmt::Debug for HeldValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tenuto")
    }
}

/// A body that goes on until it ends or its [`CancelHandle`] takes it away.
#[derive(Debug)]
pub struct CancellableBody(CancelHandle);

/// Ends a [`CancelHandle`] that comes to no body: what is held for it is given back.
#[derive(Debug)]
pub struct PendingBody(Option<CancelHandle>);

impl CancelHandle {
    /// Ends the stream with a status, whether or not its client is reading. What was handed on before is sent before it.
    pub fn cancel(&self, status: Status) {
        let mut trailers = HeaderMap::new();
        if let Err(error) = status.add_header(&mut trailers) {
            // The stream ends all the same, without a status: broken, never whole.
            tracing::error!(%error, "a status cannot be sent");
        }
        let ended = {
            let mut stato = self.lock();
            match stato.phase {
                StreamPhase::Waiting | StreamPhase::Running(_) => {
                    stato.status = Some(status);
                    let phase =
                        std::mem::replace(&mut stato.phase, StreamPhase::Cancelled(Some(trailers)));
                    (phase, std::mem::take(&mut stato.held))
                }
                StreamPhase::Cancelled(_) | StreamPhase::Finished => return,
            }
        };
        // Outside the lock: what it stops may take a moment.
        drop(ended);
        self.0.waker.wake();
    }

    /// Holds `cosa` until the stream has ended, or was taken away.
    pub fn hold(&self, cosa: impl Any + Send) {
        let mut stato = self.lock();
        if matches!(stato.phase, StreamPhase::Waiting | StreamPhase::Running(_)) {
            stato.held.push(HeldValue(Box::new(cosa)));
        }
    }

    /// Whether it was taken away.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self.lock().phase, StreamPhase::Cancelled(_))
    }

    /// The status with which it was taken away.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.lock().status.clone()
    }

    /// Since when its client has not taken what was handed on. `None`: it has, or there was nothing.
    #[must_use]
    pub fn stalled_since(&self) -> Option<Instant> {
        self.lock().given_at
    }

    /// Waits until the receiver is gone.
    pub fn finished(&self) -> impl Future<Output = ()> + Send + 'static {
        self.0.end.clone().cancelled_owned()
    }

    /// Before there is a body.
    #[must_use]
    pub fn pending(&self) -> PendingBody {
        PendingBody(Some(self.clone()))
    }

    fn finish(&self) {
        let ended = {
            let mut stato = self.lock();
            let phase = std::mem::replace(&mut stato.phase, StreamPhase::Finished);
            stato.given_at = None;
            let rest = std::mem::take(&mut stato.rest);
            (phase, std::mem::take(&mut stato.held), rest)
        };
        drop(ended);
        self.0.end.cancel();
    }

    fn lock(&self) -> MutexGuard<'_, StreamState> {
        // A body that panicked is not polled again: HTTP/2 drops it.
        self.0.stato.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PendingBody {
    /// The body has come.
    #[must_use]
    pub fn wrap(mut self, body: Body) -> Option<CancellableBody> {
        let handle = self.0.take()?;
        let mut stato = handle.lock();
        stato.pezzo = SMALL;
        // Taken away meanwhile: the body is none any more.
        let body = match stato.phase {
            StreamPhase::Waiting => {
                stato.phase = StreamPhase::Running(body);
                None
            }
            _ => Some(body),
        };
        drop(stato);
        drop(body);
        Some(CancellableBody(handle))
    }
}

impl Drop for PendingBody {
    fn drop(&mut self) {
        if let Some(handle) = self.0.take() {
            handle.finish();
        }
    }
}

impl Drop for CancellableBody {
    fn drop(&mut self) {
        self.0.finish();
    }
}

impl StreamState {
    /// The next piece of a message.
    fn next_piece(&mut self, mut data: Bytes) -> Frame<Bytes> {
        let pezzo = data.split_to(self.pezzo.min(data.len()));
        self.rest = data;
        self.given_at = Some(Instant::now());
        Frame::data(pezzo)
    }
}

impl http_body::Body for CancellableBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        // Before the look at the state: what is taken away after the look wakes.
        self.0.0.waker.register(context.waker());
        let mut stato = self.0.lock();
        let stato = &mut *stato;
        if let Some(given_at) = stato.given_at.take() {
            stato.pezzo = match given_at.elapsed() < QUICKLY {
                true => (stato.pezzo * 2).min(LARGE),
                false => SMALL,
            };
        }
        if !stato.rest.is_empty() {
            let rest = std::mem::take(&mut stato.rest);
            return Poll::Ready(Some(Ok(stato.next_piece(rest))));
        }
        match &mut stato.phase {
            StreamPhase::Running(body) => match ready!(Pin::new(body).poll_frame(context)) {
                Some(Ok(frame)) => Poll::Ready(Some(Ok(match frame.into_data() {
                    Ok(data) => stato.next_piece(data),
                    Err(frame) => frame,
                }))),
                end => Poll::Ready(end),
            },
            StreamPhase::Cancelled(trailers) => Poll::Ready(
                trailers
                    .take()
                    .map(|trailers| Ok(Frame::trailers(trailers))),
            ),
            StreamPhase::Waiting | StreamPhase::Finished => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        let stato = self.0.lock();
        stato.rest.is_empty()
            && match &stato.phase {
                StreamPhase::Running(body) => body.is_end_stream(),
                StreamPhase::Cancelled(trailers) => trailers.is_none(),
                StreamPhase::Waiting | StreamPhase::Finished => true,
            }
    }

    fn size_hint(&self) -> SizeHint {
        // What it will be is not known of a stream that may be cut.
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests;
