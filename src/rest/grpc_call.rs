//! The request of gRPC that a request in HTTP stands for.

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version,
    header::{CONTENT_TYPE, TE},
    request::Parts,
};
use http_body_util::Full;
use prost::Message as _;
use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};
use tonic::body::Body;

use super::{request::frame, table::Resource};
use crate::{
    abilitazione::NotAMessage,
    contract::{http_call::HttpCall, proto},
    error::Error,
};

/// What of a request in HTTP goes into the call: who calls, from where, in which trace. The rest is about the spelling.
const PASSED_ON: [&str; 7] = [
    "authorization",
    ONE_TIME[0],
    ONE_TIME[1],
    "traceparent",
    "tracestate",
    "user-agent",
    "idempotency-key",
];
/// What may be good for one call only.
const ONE_TIME: [&str; 2] = ["dpop", "agid-jwt-trackingevidence"];
/// The fields that name a rilevazione.
const RILEVAZIONE: [&str; 2] = ["rilevazione", "a"];

/// A call that is ready to be made.
#[derive(Debug)]
pub(super) struct GrpcCall {
    parts: Parts,
    request: DynamicMessage,
    encoded: Vec<u8>,
}

/// The call that a refused request would have been, for the gate to refuse: under the path of its RPC, else under its own.
pub(super) fn refused(
    resource: Option<&Resource>,
    asked: &Parts,
    error: Error,
    address_header: &HeaderName,
) -> Request<Body> {
    let mut parts = parts(resource, asked, address_header);
    parts.extensions.insert(NotAMessage(error));
    Request::from_parts(parts, Body::empty())
}

fn parts(resource: Option<&Resource>, asked: &Parts, address_header: &HeaderName) -> Parts {
    let mut parts = asked.clone();
    parts.extensions.insert(HttpCall {
        method: asked.method.clone(),
        path: asked.uri.path().to_owned(),
    });
    parts.method = Method::POST;
    parts.version = Version::HTTP_2;
    let path = match resource {
        Some(resource) => format!("/{}", proto::path_of(&resource.rpc)),
        None => asked.uri.path().to_owned(),
    };
    // A name of the contract, or what was a path already.
    parts.uri = Uri::try_from(path).unwrap_or_default();
    let mut headers = HeaderMap::new();
    for (name, value) in &asked.headers {
        if PASSED_ON.contains(&name.as_str()) || name == address_header {
            headers.append(name, value.clone());
        }
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    parts.headers = headers;
    parts
}

impl GrpcCall {
    /// Of a request to a resource. `address_header`: what proxies say where it comes from.
    pub(super) fn new(
        resource: &Resource,
        asked: &Parts,
        request: DynamicMessage,
        address_header: &HeaderName,
    ) -> Self {
        Self {
            parts: parts(Some(resource), asked, address_header),
            encoded: request.encode_to_vec(),
            request,
        }
    }

    /// The bytes of the message.
    pub(super) fn message(&self) -> &[u8] {
        &self.encoded
    }

    /// The request.
    pub(super) fn request(&self) -> Request<Body> {
        let body = Body::new(Full::from(frame(&self.encoded)));
        Request::from_parts(self.parts.clone(), body)
    }

    /// Names the rilevazione that was found, where the latest was asked for: it may be another one by now.
    pub(super) fn pin(&mut self, rilevazione: i32) {
        for name in RILEVAZIONE {
            if self.request.descriptor().get_field_by_name(name).is_some() {
                self.request
                    .set_field_by_name(name, Value::I32(rilevazione));
            }
        }
        self.encoded = self.request.encode_to_vec();
    }

    /// Whether what it presents is good for another call.
    pub(super) fn may_be_made_again(&self) -> bool {
        let headers = &self.parts.headers;
        ONE_TIME.iter().all(|name| !headers.contains_key(*name))
    }
}
