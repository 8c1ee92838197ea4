//! Takes the requests that are no gRPC calls, and makes each the call that it stands for.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version,
    header::{ACCEPT, ALLOW, CONTENT_TYPE, TE},
};
use http_body_util::{BodyExt as _, Full, Limited};
use prost_reflect::MessageDescriptor;
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service, ServiceExt as _};

use super::{
    answer::{self, Frames},
    lines, problem, request,
    table::{Destination, Resource, RestTable},
    template::PathValue,
};
use crate::{
    call_record::TraceId,
    contract::{http_call::HttpCall, proto},
    error::{Error, Reason},
};

/// What of a request in HTTP goes into the call: who calls, from where, in which trace. The rest is about the spelling.
const PASSED_ON: [&str; 6] = [
    "authorization",
    "dpop",
    "agid-jwt-trackingevidence",
    "traceparent",
    "tracestate",
    "user-agent",
];

/// Where resources are.
const RESOURCES: &str = "/v1/";

/// Puts [`Rest`] before a service that is called by gRPC.
#[derive(Debug, Clone)]
pub struct RestLayer {
    table: Arc<RestTable>,
    /// The longest body.
    max_body: usize,
    /// The header in which proxies say where a request comes from.
    address_header: HeaderName,
}

impl RestLayer {
    /// Spells the calls as `table` has it.
    #[must_use]
    pub fn new(table: RestTable, max_body: usize, address_header: HeaderName) -> Self {
        Self {
            table: Arc::new(table),
            max_body,
            address_header,
        }
    }
}

impl<S> Layer<S> for RestLayer {
    type Service = Rest<S>;

    fn layer(&self, inner: S) -> Rest<S> {
        Rest {
            inner,
            layer: self.clone(),
        }
    }
}

/// A service that is called by gRPC, or by the resources of the contract.
#[derive(Debug, Clone)]
pub struct Rest<S> {
    inner: S,
    layer: RestLayer,
}

impl<S> Service<Request<Body>> for Rest<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // gRPC needs HTTP/2: what comes by HTTP/1.1 is a resource, or nothing.
        if request.version() >= Version::HTTP_2 && !request.uri().path().starts_with(RESOURCES) {
            return Box::pin(self.inner.call(request));
        }
        let (inner, layer) = (self.inner.clone(), self.layer.clone());
        Box::pin(async move { Ok(layer.answer(inner, request).await) })
    }
}

impl RestLayer {
    async fn answer<S>(&self, inner: S, request: Request<Body>) -> Response<Body>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    {
        let path = request.uri().path().to_owned();
        match self.table.find(request.method(), &path) {
            Destination::Resource(resource, values) => {
                match self.call(inner, request, resource, &values).await {
                    Ok(response) => response,
                    Err(refused) => *refused,
                }
            }
            Destination::OtherMethods(methods) => other_methods(&methods),
            Destination::Nothing => {
                let error = Error::new(Reason::CallUnknown, "there is no such resource");
                problem::of_error(error, None)
            }
        }
    }

    /// The answer, or the refusal of what is no call yet.
    async fn call<S>(
        &self,
        inner: S,
        request: Request<Body>,
        resource: &Resource,
        values: &[PathValue<'_>],
    ) -> Result<Response<Body>, Box<Response<Body>>>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    {
        let call = &resource.call;
        let gives = match call.is_server_streaming() {
            true => "application/x-ndjson",
            false => "application/json",
        };
        if !accepts(&request, gives) {
            let error = Error::new(
                Reason::InvalidRequest,
                format!("this resource is given as {gives} only"),
            );
            return Err(refusal(error, Some(StatusCode::NOT_ACCEPTABLE)));
        }
        let (mut parts, body) = request.into_parts();
        let body = match resource.has_body {
            true if !request::is_json(&parts.headers) => {
                let error = Error::new(
                    Reason::MessageMalformed,
                    "the content-type of the body is not application/json",
                );
                return Err(refusal(error, Some(StatusCode::UNSUPPORTED_MEDIA_TYPE)));
            }
            true => Some(self.read(body).await?),
            false => None,
        };
        let query = parts.uri.query().unwrap_or_default();
        let message = request::message(resource, values, query, body.as_deref())
            .map_err(|error| Box::new(problem::of_status(&error.into(), Some(resource), None)))?;

        parts.extensions.insert(HttpCall {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
        });
        parts.method = Method::POST;
        parts.version = Version::HTTP_2;
        parts.uri = grpc_uri(resource);
        let passed =
            |name: &HeaderName| PASSED_ON.contains(&name.as_str()) || *name == self.address_header;
        let mut headers = http::HeaderMap::new();
        for (name, value) in &parts.headers {
            if passed(name) {
                headers.append(name, value.clone());
            }
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(TE, HeaderValue::from_static("trailers"));
        parts.headers = headers;
        let request = Request::from_parts(parts, Body::new(Full::from(request::frame(&message))));
        let Ok(response) = inner.oneshot(request).await;
        Ok(spelt(resource, response).await)
    }

    async fn read(&self, body: Body) -> Result<Bytes, Box<Response<Body>>> {
        let read = Limited::new(body, self.max_body).collect().await;
        read.map(http_body_util::Collected::to_bytes)
            .map_err(|error| {
                let error = match error.is::<http_body_util::LengthLimitError>() {
                    true => Error::new(
                        Reason::MessageTooLarge,
                        "the request is larger than this server accepts",
                    ),
                    false => Error::new(Reason::MessageMalformed, "the body did not come whole"),
                };
                refusal(error, None)
            })
    }
}

/// The answer of the call in the spelling of the resource.
async fn spelt(resource: &Resource, response: Response<Body>) -> Response<Body> {
    let trace_id = response
        .extensions()
        .get::<TraceId>()
        .map(|trace| trace.0.clone());
    let failed = |status: &Status| problem::of_status(status, Some(resource), trace_id.clone());
    let (parts, body) = response.into_parts();
    if let Some(status) = Status::from_header_map(&parts.headers)
        && status.code() != Code::Ok
    {
        return failed(&status);
    }
    let mut frames = Frames::new(body);
    let output: MessageDescriptor = resource.call.output();
    let first = match frames.next().await {
        Ok(Some(first)) => first,
        Ok(None) => return failed(&Error::internal("a call without an answer").into()),
        Err(status) => return failed(&status),
    };
    if resource.call.is_server_streaming() {
        return lines::response(first, frames, output);
    }
    match answer::json(first, output) {
        Ok(json) => answer::response(json),
        Err(status) => failed(&status),
    }
}

/// The path of the call.
fn grpc_uri(resource: &Resource) -> Uri {
    let path = format!("/{}", proto::path_of(&resource.rpc()));
    // Names of the contract: they are always a path.
    Uri::try_from(path).unwrap_or_default()
}

/// Whether the caller takes a media type: one that says nothing takes all.
fn accepts(request: &Request<Body>, media_type: &str) -> bool {
    let mut values = request.headers().get_all(ACCEPT).iter().peekable();
    if values.peek().is_none() {
        return true;
    }
    let (kind, _) = media_type.split_once('/').unwrap_or((media_type, ""));
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| {
            let mut parameters = range.split(';').map(str::trim);
            let range = parameters.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parameters.find_map(|parameter| parameter.strip_prefix("q="));
            // "0", "0.0", "0.000": not this one.
            let refused = weight.is_some_and(|q| q.chars().all(|c| c == '0' || c == '.'));
            let fits = range == "*/*" || range == media_type || range == format!("{kind}/*");
            fits && !refused
        })
}

fn other_methods(methods: &[&Method]) -> Response<Body> {
    let error = Error::new(
        Reason::CallUnknown,
        "this resource does not have this method",
    );
    let mut response = problem::of_error(error, Some(StatusCode::METHOD_NOT_ALLOWED));
    let mut allowed: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    // Names of methods: they are always a header.
    if let Ok(allowed) = HeaderValue::from_str(&allowed.join(", ")) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

fn refusal(error: Error, status: Option<StatusCode>) -> Box<Response<Body>> {
    Box::new(problem::of_error(error, status))
}
