//! What makes a request a gRPC call (gRPC over HTTP/2), checked before anything reads it.
//!
//! ```text
//! POST /package.Service/Method        content-type: application/grpc | application/grpc+proto   grpc-encoding: identity | gzip | zstd
//!  │           └ nothing after it                    └ else HTTP 415                                          └ else UNIMPLEMENTED,
//!  └ else HTTP 405                                                                                              grpc-accept-encoding
//! ```
//!
//! The refusals have an HTTP status of their own, so that a client of another protocol does not take them for a success, and a
//! gRPC status with details besides. tonic looks at none of these but the encoding. The layer stands before the services that
//! speak gRPC; another spelling of the contract on the same port is routed before it.

use std::{
    future::{Ready, ready},
    task::{Context, Poll},
};

use futures_util::future::Either;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE},
};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

use crate::error::{Error, Reason};

/// How the messages of a request are compressed.
pub(super) const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// What every service reads; the macro in `app` turns the last two on.
const ENCODINGS: [&str; 3] = ["identity", "gzip", "zstd"];
const MEDIA_TYPES: [&str; 2] = ["application/grpc", "application/grpc+proto"];

/// Lets nothing but gRPC calls through.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProtocolLayer;

impl<S> Layer<S> for ProtocolLayer {
    type Service = Protocol<S>;

    fn layer(&self, inner: S) -> Protocol<S> {
        Protocol { inner }
    }
}

/// A service that is called by gRPC only.
#[derive(Debug, Clone)]
pub struct Protocol<S> {
    inner: S,
}

impl<S> Service<Request<Body>> for Protocol<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response<Body>, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match refusal(&request) {
            None => Either::Left(self.inner.call(request)),
            Some(response) => Either::Right(ready(Ok(response))),
        }
    }
}

fn refusal<B>(request: &Request<B>) -> Option<Response<Body>> {
    if request.method() != Method::POST {
        let mut response = refused(Reason::NotGrpc, "a gRPC call is a POST");
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        let headers = response.headers_mut();
        headers.insert(ALLOW, HeaderValue::from_static("POST"));
        return Some(response);
    }
    if !is_grpc(request.headers()) {
        let mut response = refused(
            Reason::NotGrpc,
            "the content-type is not application/grpc or application/grpc+proto",
        );
        *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Some(response);
    }
    if request.uri().query().is_some() {
        return Some(refused(
            Reason::CallUnknown,
            "there is no such call: nothing follows the method in the path of a call",
        ));
    }
    if !is_readable(request.headers()) {
        let mut response = refused(
            Reason::EncodingUnsupported,
            "the compression of the request (grpc-encoding) is not supported; identity, gzip and zstd are",
        );
        // "identity,gzip,zstd" is a header.
        if let Ok(list) = HeaderValue::from_str(&ENCODINGS.join(",")) {
            response.headers_mut().insert(ACCEPT_ENCODING, list);
        }
        return Some(response);
    }
    None
}

fn refused(reason: Reason, message: &'static str) -> Response<Body> {
    Status::from(Error::new(reason, message)).into_http()
}

/// The value of a header that stands once. `Err`: it stands more than once, or is no text.
pub(super) fn single(headers: &HeaderMap, name: HeaderName) -> Result<Option<&str>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(drop),
        (Some(_), Some(_)) => Err(()),
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let Ok(Some(value)) = single(headers, CONTENT_TYPE) else {
        return false;
    };
    // Parameters say nothing that we would heed.
    let media_type = value.split(';').next().unwrap_or_default().trim();
    MEDIA_TYPES
        .iter()
        .any(|ours| media_type.eq_ignore_ascii_case(ours))
}

fn is_readable(headers: &HeaderMap) -> bool {
    match single(headers, ENCODING) {
        Ok(None) => true,
        Ok(Some(encoding)) => ENCODINGS.contains(&encoding),
        Err(()) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types() {
        let is_grpc = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_TYPE, value.parse().unwrap());
            }
            is_grpc(&headers)
        };
        for good in [
            "application/grpc",
            "application/grpc+proto",
            "Application/GRPC",
            "application/grpc; charset=utf-8",
            "application/grpc+proto;a=b;c=d",
        ] {
            assert!(is_grpc(&[good]), "{good}");
        }
        for bad in [
            &[][..],
            &[""],
            &["application/grpc+json"],
            &["application/grpc-web"],
            &["application/grpc-web+proto"],
            &["application/grpcx"],
            &["application/grpc+"],
            &["application/json"],
            &["text/html; application/grpc"],
            &["application/grpc, application/grpc"],
            &["application/grpc", "application/grpc"],
        ] {
            assert!(!is_grpc(bad), "{bad:?}");
        }
    }
}
