//! The layer that tells browsers what pages of the listed origins may do (Fetch, 3.3: CORS).

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use futures_util::future::{BoxFuture, Either};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
        ORIGIN, VARY,
    },
};
use tonic::body::Body;
use tower::{Layer, Service};

use super::origin::Origins;

/// What a page may send: those of gRPC-Web, of the resources, and who calls.
const SENT: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, dpop, x-grpc-web, x-user-agent, grpc-timeout, grpc-encoding, grpc-accept-encoding, traceparent, \
     agid-jwt-trackingevidence, if-none-match, if-range, range, idempotency-key",
);
/// What a page may read of an answer, beyond what it may always.
const READ: HeaderValue = HeaderValue::from_static(
    "grpc-status, grpc-message, grpc-status-details-bin, grpc-encoding, grpc-accept-encoding, etag, accept-ranges, content-range, \
     content-disposition, repr-digest, retry-after, www-authenticate, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, \
     deprecation, sunset",
);
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST");
/// Seconds that a browser may remember it for: as long as any does.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// Puts [`Cors`] before a service.
#[derive(Debug, Clone)]
pub struct CorsLayer {
    origins: Origins,
}

impl CorsLayer {
    /// For pages of these origins. Without one it does nothing.
    #[must_use]
    pub fn new(origins: Origins) -> Self {
        Self { origins }
    }
}

impl<S> Layer<S> for CorsLayer {
    type Service = Cors<S>;

    fn layer(&self, inner: S) -> Cors<S> {
        Cors {
            inner,
            origins: self.origins.clone(),
        }
    }
}

/// A service that pages of other origins may call.
#[derive(Debug, Clone)]
pub struct Cors<S> {
    inner: S,
    origins: Origins,
}

impl<S> Service<Request<Body>> for Cors<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<
        S::Future,
        Either<
            Ready<Result<Response<Body>, Infallible>>,
            BoxFuture<'static, Result<Response<Body>, Infallible>>,
        >,
    >;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if self.origins.is_empty() {
            return Either::Left(self.inner.call(request));
        }
        let origin = self.origins.listed(request.headers()).cloned();
        if is_preflight(&request) {
            return Either::Right(Either::Left(ready(Ok(preflight(origin)))));
        }
        let answer = self.inner.call(request);
        Either::Right(Either::Right(Box::pin(async move {
            let mut response = answer.await?;
            let headers = response.headers_mut();
            if let Some(origin) = origin {
                headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, READ);
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            }
            varies(headers);
            Ok(response)
        })))
    }
}

/// Whether a browser asks, before the request that a page wants to make.
fn is_preflight(request: &Request<Body>) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The same for every path: it tells nothing of what there is.
fn preflight(origin: Option<HeaderValue>) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = match origin {
        Some(_) => StatusCode::NO_CONTENT,
        None => StatusCode::FORBIDDEN,
    };
    let headers = response.headers_mut();
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, SENT);
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
    varies(headers);
    response
}

/// Says to whoever keeps answers that this one is for its origin.
fn varies(headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("origin"));
}
