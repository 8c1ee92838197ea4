//! gRPC-Web: gRPC for pages in browsers, which see no trailers, over HTTP/1.1 too.
//!
//! ```text
//! POST /package.Service/Method, application/grpc-web+proto   ──► application/grpc: all layers, as by gRPC
//! frame, frame, … · flag 128, length, "grpc-status: 0\r\n…"  ◄── frame, frame, … and the trailers
//!
//! application/grpc-web-text: the same, in base64
//! ```
//!
//! A request is made the very gRPC request that it stands for, before any layer that decides or records. What gRPC says of frames,
//! deadlines, compression and broken streams holds here: only the trailers stand elsewhere.

mod body;
mod media_type;

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use futures_util::future::{BoxFuture, Either};
use http::{
    HeaderValue, Request, Response, Version,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use tonic::body::Body;
use tower::{Layer, Service};

use self::{
    body::{AnswerBody, RequestBody},
    media_type::WebForm,
};
use crate::{contract::http_call::GrpcWebCall, transport::web::Origins};

pub use self::body::is_malformed;

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");

/// Puts [`GrpcWeb`] before a service that is called by gRPC.
#[derive(Debug, Clone)]
pub struct GrpcWebLayer {
    origins: Origins,
}

impl GrpcWebLayer {
    /// For pages of these origins. Without one there is no gRPC-Web.
    #[must_use]
    pub fn new(origins: Origins) -> Self {
        Self { origins }
    }
}

impl<S> Layer<S> for GrpcWebLayer {
    type Service = GrpcWeb<S>;

    fn layer(&self, inner: S) -> GrpcWeb<S> {
        GrpcWeb {
            inner,
            origins: self.origins.clone(),
        }
    }
}

/// A service that is called by gRPC-Web too.
#[derive(Debug, Clone)]
pub struct GrpcWeb<S> {
    inner: S,
    origins: Origins,
}

impl<S> Service<Request<Body>> for GrpcWeb<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, BoxFuture<'static, Result<Response<Body>, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // What is for no page of ours goes on as it is, and is refused as what it is not.
        let form = match self.origins.admits(request.headers()) {
            true => WebForm::of_request(request.headers()),
            false => None,
        };
        let Some(form) = form else {
            return Either::Left(self.inner.call(request));
        };
        let wanted = form.wanted(request.headers());
        let answer = self.inner.call(as_grpc(request, form));
        Either::Right(Box::pin(async move {
            let response = answer.await?;
            Ok(spelt(response, wanted))
        }))
    }
}

/// The request of gRPC.
fn as_grpc(request: Request<Body>, form: WebForm) -> Request<Body> {
    let (mut parts, body) = request.into_parts();
    parts.version = Version::HTTP_2;
    parts.headers.insert(CONTENT_TYPE, GRPC);
    parts.extensions.insert(GrpcWebCall);
    let body = match form {
        WebForm::Binary => body,
        WebForm::Text => {
            // Of the base64.
            parts.headers.remove(CONTENT_LENGTH);
            Body::new(RequestBody::new(body))
        }
    };
    Request::from_parts(parts, body)
}

/// The answer of gRPC, if it is one: a refusal of what is no call is a page of its own.
fn spelt(response: Response<Body>, form: WebForm) -> Response<Body> {
    if response.headers().get(CONTENT_TYPE) != Some(&GRPC) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    parts.headers.insert(CONTENT_TYPE, form.media_type());
    Response::from_parts(parts, Body::new(AnswerBody::new(body, form)))
}
