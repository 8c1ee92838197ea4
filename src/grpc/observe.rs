//! The outermost layer: every call is seen, whatever happens to it inside.
//!
//! ```text
//! request ──► observe ──► access ──► tonic's router ──► service
//!                ▲ span, metric, one log line when the last byte (or the client) has gone
//!                ▲ a status that tonic made by itself gets its reason and details here
//! ```
//!
//! A call ends when its trailers are sent, not when its headers are: a stream is timed to its end, and one that the client
//! dropped counts as CANCELLED.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};
use tracing::{Instrument as _, Span};

use super::{cancellable_body::CancelHandle, status::from_bare};
use crate::{telemetry::Call, transport::connection::ConnectionInfo};

const STATUS: &str = "grpc-status";
const DETAILS: &str = "grpc-status-details-bin";

/// Puts [`Observe`] around a service.
#[derive(Debug, Clone, Copy, Default)]
pub struct ObserveLayer;

impl<S> Layer<S> for ObserveLayer {
    type Service = Observe<S>;

    fn layer(&self, inner: S) -> Observe<S> {
        Observe { inner }
    }
}

/// Sees the calls of the service inside.
#[derive(Debug, Clone)]
pub struct Observe<S> {
    inner: S,
}

impl<S> Service<Request<Body>> for Observe<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future =
        Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send + 'static>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let connection: Option<&ConnectionInfo> = request.extensions().get();
        let peer = connection.and_then(|connection| connection.peer);
        let begun = Call::begin(request.uri().path(), request.headers(), peer);
        request.extensions_mut().insert(begun.quiet());
        let mut call = Observed {
            call: Some(begun),
            code: None,
            handle: None,
        };
        let span = call.span();
        let answer = self.inner.call(request);
        Box::pin(
            async move {
                let response = with_details(answer.await?);
                call.code = code(response.headers());
                call.handle = response.extensions().get().cloned();
                Ok(response.map(|body| Body::new(Watched { body, call })))
            }
            .instrument(span),
        )
    }
}

/// A status in the headers without details is one that tonic made before any code of ours ran.
fn with_details(response: Response<Body>) -> Response<Body> {
    let bare = response.headers().contains_key(STATUS) && !response.headers().contains_key(DETAILS);
    match code(response.headers()).and_then(from_bare) {
        Some(error) if bare => Status::from(error).into_http(),
        _ => response,
    }
}

fn code(headers: &HeaderMap) -> Option<Code> {
    let value = headers.get(STATUS)?;
    Some(Code::from_bytes(value.as_bytes()))
}

/// A call in progress. Dropping it ends it: that happens exactly once, on every way out. One that ends without a
/// status was dropped by the client.
struct Observed {
    call: Option<Call>,
    code: Option<Code>,
    /// By which we may have ended it ourselves, though its client did not fetch the status.
    handle: Option<CancelHandle>,
}

impl Observed {
    fn span(&self) -> Span {
        self.call
            .as_ref()
            .map_or_else(Span::none, |c| c.span().clone())
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        let ended_by_us = || Some(self.handle.as_ref()?.status()?.code());
        let code = self.code.or_else(ended_by_us);
        if let (Some(call), Some(code)) = (self.call.take(), code) {
            call.end(code);
        }
    }
}

/// A response body that tells its call how it ended.
struct Watched {
    body: Body,
    call: Observed,
}

impl http_body::Body for Watched {
    type Data = bytes::Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.call.code = code(trailers);
                }
            }
            Some(Err(status)) => self.call.code = Some(status.code()),
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
