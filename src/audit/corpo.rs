//! The bodies of answers, as the audit log sees them pass.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use tonic::{Status, body::Body};

use super::fine::Fine;

/// The one answer of a call, held back until its record is written.
pub(super) struct Intero {
    pub(super) byte: u64,
    pub(super) trailers: Option<HeaderMap>,
    messages: Bytes,
}

impl Intero {
    /// Waits for the whole body: of a call with one answer, which is bounded by the page.
    pub(super) async fn leggi(body: Body) -> Result<Self, Status> {
        let collected = body.collect().await?;
        let trailers = collected.trailers().cloned();
        let messages = collected.to_bytes();
        Ok(Self {
            byte: messages.len() as u64,
            trailers,
            messages,
        })
    }

    /// The same body.
    pub(super) fn rendi(self) -> Body {
        let messages = http_body_util::Full::new(self.messages);
        match self.trailers {
            None => Body::new(messages),
            Some(trailers) => {
                Body::new(messages.with_trailers(std::future::ready(Some(Ok(trailers)))))
            }
        }
    }
}

/// The body of a stream, counted. However it ends, `fine` learns it.
pub(super) struct Contato {
    body: Body,
    fine: Fine,
}

impl Contato {
    pub(super) fn new(body: Body, fine: Fine) -> Self {
        Self { body, fine }
    }
}

impl http_body::Body for Contato {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.fine.byte(data.len() as u64);
                }
                if let Some(trailers) = frame.trailers_ref() {
                    self.fine.status(Status::from_header_map(trailers));
                }
            }
            Some(Err(status)) => self.fine.status(Some(status.clone())),
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
