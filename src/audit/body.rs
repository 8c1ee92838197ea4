//! The bodies of answers, as the audit log sees them pass.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use tonic::{Status, body::Body};

use super::stream_end::StreamEnd;

/// The one answer of a call, held back until its record is written. Then it is the body that is sent.
#[derive(Debug, Default)]
pub(super) struct BufferedBody {
    pub(super) bytes: u64,
    pub(super) trailers: Option<HeaderMap>,
    messages: VecDeque<Bytes>,
}

impl BufferedBody {
    /// Waits for the whole body: of a call with one answer, which is bounded by the page.
    pub(super) async fn read(mut body: Body) -> Result<Self, Status> {
        let mut whole = Self::default();
        while let Some(frame) = body.frame().await {
            match frame?.into_data() {
                Ok(data) => {
                    whole.bytes += data.len() as u64;
                    whole.messages.push_back(data);
                }
                Err(frame) => whole.trailers = frame.into_trailers().ok(),
            }
        }
        Ok(whole)
    }
}

impl http_body::Body for BufferedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = match self.messages.pop_front() {
            Some(data) => Some(Frame::data(data)),
            None => self.trailers.take().map(Frame::trailers),
        };
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.messages.is_empty() && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.messages.iter().map(|data| data.len() as u64).sum())
    }
}

/// The body of a stream, counted. However it ends, `end` learns it.
pub(super) struct CountedBody {
    body: Body,
    end: StreamEnd,
}

impl CountedBody {
    pub(super) fn new(body: Body, end: StreamEnd) -> Self {
        Self { body, end }
    }
}

impl http_body::Body for CountedBody {
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
                    self.end.sent(data.len() as u64);
                }
                if let Some(trailers) = frame.trailers_ref() {
                    self.end.status(Status::from_header_map(trailers));
                }
            }
            Some(Err(status)) => self.end.status(Some(status.clone())),
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
