//! The body of a stream that may be taken from its client half-way.
//!
//! ```text
//! client ◄── Interrompibile ◄── the stream's own body
//!                  ▲
//!    Presa::togli ─┘  the body is dropped, which stops whoever fills it, and so is what was held for it (places);
//!                     the client's last frame is the status
//! ```
//!
//! It also knows how long ago the client last took something. HTTP/2 asks for the next piece once the client has made room for
//! what it was given before: a piece that nobody asks for is a client that does not read. For that to tell a slow client
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

/// The other end of an [`Interrompibile`]: takes the stream away. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Presa(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    stato: Mutex<Stato>,
    waker: AtomicWaker,
    /// Cancelled when there is nobody any more to send to.
    fine: CancellationToken,
}

#[derive(Debug, Default)]
struct Stato {
    corso: Corso,
    /// Held as long as the stream runs.
    tenuti: Vec<Tenuto>,
    /// Of a message of which a part was handed on already: it goes out whole.
    resto: Bytes,
    /// How much is handed on at a time.
    pezzo: usize,
    /// When something was handed on that was not taken yet.
    dato: Option<Instant>,
    /// How it was ended.
    status: Option<Status>,
}

#[derive(Debug, Default)]
enum Corso {
    /// The answer is not there yet.
    #[default]
    Attesa,
    Corre(Body),
    /// With what is still to be sent.
    Tolta(Option<HeaderMap>),
    Finita,
}

struct Tenuto(#[expect(dead_code, reason = "for its drop")] Box<dyn Any + Send>);

impl std::fmt::Debug for Tenuto {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tenuto")
    }
}

/// A body that goes on until it ends or its [`Presa`] takes it away.
#[derive(Debug)]
pub struct Interrompibile(Presa);

/// Ends a [`Presa`] that comes to no body: what is held for it is given back.
#[derive(Debug)]
pub struct Pendente(Option<Presa>);

impl Presa {
    /// Ends the stream with a status, whether or not its client is reading. What was handed on before is sent before it.
    pub fn togli(&self, status: Status) {
        let mut trailers = HeaderMap::new();
        if let Err(error) = status.add_header(&mut trailers) {
            // The stream ends all the same, without a status: broken, never whole.
            tracing::error!(%error, "a status cannot be sent");
        }
        let ended = {
            let mut stato = self.lock();
            match stato.corso {
                Corso::Attesa | Corso::Corre(_) => {
                    stato.status = Some(status);
                    let corso = std::mem::replace(&mut stato.corso, Corso::Tolta(Some(trailers)));
                    (corso, std::mem::take(&mut stato.tenuti))
                }
                Corso::Tolta(_) | Corso::Finita => return,
            }
        };
        // Outside the lock: what it stops may take a moment.
        drop(ended);
        self.0.waker.wake();
    }

    /// Holds `cosa` until the stream has ended, or was taken away.
    pub fn tieni(&self, cosa: impl Any + Send) {
        let mut stato = self.lock();
        if matches!(stato.corso, Corso::Attesa | Corso::Corre(_)) {
            stato.tenuti.push(Tenuto(Box::new(cosa)));
        }
    }

    /// Whether it was taken away.
    #[must_use]
    pub fn is_tolta(&self) -> bool {
        matches!(self.lock().corso, Corso::Tolta(_))
    }

    /// The status with which it was taken away.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.lock().status.clone()
    }

    /// Since when its client has not taken what was handed on. `None`: it has, or there was nothing.
    #[must_use]
    pub fn ferma_da(&self) -> Option<Instant> {
        self.lock().dato
    }

    /// Waits until there is nobody any more to send to.
    pub fn fine(&self) -> impl Future<Output = ()> + Send + 'static {
        self.0.fine.clone().cancelled_owned()
    }

    /// Before there is a body.
    #[must_use]
    pub fn pendente(&self) -> Pendente {
        Pendente(Some(self.clone()))
    }

    fn finisci(&self) {
        let ended = {
            let mut stato = self.lock();
            let corso = std::mem::replace(&mut stato.corso, Corso::Finita);
            stato.dato = None;
            let resto = std::mem::take(&mut stato.resto);
            (corso, std::mem::take(&mut stato.tenuti), resto)
        };
        drop(ended);
        self.0.fine.cancel();
    }

    fn lock(&self) -> MutexGuard<'_, Stato> {
        // A body that panicked is not polled again: HTTP/2 drops it.
        self.0.stato.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pendente {
    /// The body has come.
    #[must_use]
    pub fn avvolgi(mut self, body: Body) -> Option<Interrompibile> {
        let presa = self.0.take()?;
        let mut stato = presa.lock();
        stato.pezzo = SMALL;
        // Taken away meanwhile: the body is none any more.
        let body = match stato.corso {
            Corso::Attesa => {
                stato.corso = Corso::Corre(body);
                None
            }
            _ => Some(body),
        };
        drop(stato);
        drop(body);
        Some(Interrompibile(presa))
    }
}

impl Drop for Pendente {
    fn drop(&mut self) {
        if let Some(presa) = self.0.take() {
            presa.finisci();
        }
    }
}

impl Drop for Interrompibile {
    fn drop(&mut self) {
        self.0.finisci();
    }
}

impl Stato {
    /// The next piece of a message.
    fn pezzo(&mut self, mut data: Bytes) -> Frame<Bytes> {
        let pezzo = data.split_to(self.pezzo.min(data.len()));
        self.resto = data;
        self.dato = Some(Instant::now());
        Frame::data(pezzo)
    }
}

impl http_body::Body for Interrompibile {
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
        if let Some(dato) = stato.dato.take() {
            stato.pezzo = match dato.elapsed() < QUICKLY {
                true => (stato.pezzo * 2).min(LARGE),
                false => SMALL,
            };
        }
        if !stato.resto.is_empty() {
            let resto = std::mem::take(&mut stato.resto);
            return Poll::Ready(Some(Ok(stato.pezzo(resto))));
        }
        match &mut stato.corso {
            Corso::Corre(body) => match ready!(Pin::new(body).poll_frame(context)) {
                Some(Ok(frame)) => Poll::Ready(Some(Ok(match frame.into_data() {
                    Ok(data) => stato.pezzo(data),
                    Err(frame) => frame,
                }))),
                end => Poll::Ready(end),
            },
            Corso::Tolta(trailers) => Poll::Ready(
                trailers
                    .take()
                    .map(|trailers| Ok(Frame::trailers(trailers))),
            ),
            Corso::Attesa | Corso::Finita => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        let stato = self.0.lock();
        stato.resto.is_empty()
            && match &stato.corso {
                Corso::Corre(body) => body.is_end_stream(),
                Corso::Tolta(trailers) => trailers.is_none(),
                Corso::Attesa | Corso::Finita => true,
            }
    }

    fn size_hint(&self) -> SizeHint {
        // What it will be is not known of a stream that may be cut.
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests;
