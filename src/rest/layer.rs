//! Takes the requests that are no gRPC calls, and makes each the call that it stands for.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version, header::ALLOW,
    request::Parts,
};
use http_body_util::{BodyExt as _, Limited};
use tokio::time::timeout;
use tonic::{Status, body::Body};
use tower::{Layer, Service, ServiceExt as _};

use super::{
    accept::accepts,
    answer::{self, Frames},
    file::{FileAnswer, KnownFiles},
    grpc_call::GrpcCall,
    lines, problem, request,
    table::{AnswerForm, Destination, Resource, RestTable},
    template::PathValue,
};
use crate::{
    abilitazione::AnswerView,
    call_record::TraceId,
    error::{Error, Reason},
};

/// Where resources are.
const RESOURCES: &str = "/v1/";

/// Puts [`Rest`] before a service that is called by gRPC.
#[derive(Debug, Clone)]
pub struct RestLayer {
    table: Arc<RestTable>,
    /// The longest body.
    max_body: usize,
    /// How long one may take to come.
    patience: Duration,
    /// The header in which proxies say where a request comes from.
    address_header: HeaderName,
    known_files: KnownFiles,
}

impl RestLayer {
    /// Spells the calls as `table` has it.
    #[must_use]
    pub fn new(
        table: RestTable,
        max_body: usize,
        patience: Duration,
        address_header: HeaderName,
    ) -> Self {
        Self {
            table: Arc::new(table),
            max_body,
            patience,
            address_header,
            known_files: KnownFiles::new(),
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
        Box::pin(async move {
            let is_head = request.method() == Method::HEAD;
            let mut response = layer.answer(inner, request).await;
            if is_head {
                *response.body_mut() = Body::empty();
            }
            Ok(response)
        })
    }
}

impl RestLayer {
    async fn answer<S>(&self, inner: S, request: Request<Body>) -> Response<Body>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
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
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
    {
        let (parts, body) = request.into_parts();
        let gives = resource.form.media_type();
        if gives.is_some_and(|gives| !accepts(&parts.headers, gives)) {
            return Err(not_acceptable(gives.unwrap_or_default()));
        }
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
        let call = GrpcCall::new(resource, &parts, message, &self.address_header);
        let Ok(response) = inner.clone().oneshot(call.request()).await;
        let trace_id = response.extensions().get::<TraceId>();
        let trace_id = trace_id.map(|trace| trace.0.clone());
        let spelt = match resource.form {
            AnswerForm::Json => json(resource, &parts, response).await,
            AnswerForm::Lines => lines(resource, response).await,
            AnswerForm::File => {
                let known = self.known_files.clone();
                file(resource, known, &parts, call, response, inner).await
            }
        };
        Ok(spelt.unwrap_or_else(|status| problem::of_status(&status, Some(resource), trace_id)))
    }

    async fn read(&self, body: Body) -> Result<Bytes, Box<Response<Body>>> {
        let read = Limited::new(body, self.max_body).collect();
        let Ok(read) = timeout(self.patience, read).await else {
            let error = Error::new(Reason::MessageMalformed, "the body did not come in time");
            return Err(refusal(error, Some(StatusCode::REQUEST_TIMEOUT)));
        };
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

/// One answer.
async fn json(
    resource: &Resource,
    asked: &Parts,
    response: Response<Body>,
) -> Result<Response<Body>, Status> {
    let mut frames = Frames::of(response)?;
    let first = frames.first().await?;
    let json = answer::json(first, resource.call.output())?;
    Ok(answer::response(json, &asked.headers, resource.is_kept))
}

/// A stream of rows.
async fn lines(resource: &Resource, response: Response<Body>) -> Result<Response<Body>, Status> {
    let mut frames = Frames::of(response)?;
    let first = frames.first().await?;
    lines::response(first, frames, resource.call.output())
}

/// A stream of pieces. `inner` is where the call was made, and can be made again.
async fn file<S>(
    resource: &Resource,
    known: KnownFiles,
    asked: &Parts,
    mut call: GrpcCall,
    response: Response<Body>,
    inner: S,
) -> Result<Response<Body>, Status>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let view = response.extensions().get::<AnswerView>();
    let view = view.map(|view| view.0.clone()).unwrap_or_default();
    let mut frames = Frames::of(response)?;
    let first = frames.first().await?;
    let file = FileAnswer::new(first, frames, known, &mut call, &view, resource.is_kept)?;
    if !accepts(&asked.headers, file.media_type()) {
        return Ok(*not_acceptable(file.media_type()));
    }
    let again = call.may_be_made_again().then_some(async move || {
        let Ok(response) = inner.oneshot(call.request()).await;
        Frames::of(response)
    });
    let head = asked.method == Method::HEAD;
    file.response(&asked.headers, head, again).await
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

fn not_acceptable(gives: &str) -> Box<Response<Body>> {
    let error = Error::new(
        Reason::InvalidRequest,
        format!("this resource is given as {gives} only"),
    );
    refusal(error, Some(StatusCode::NOT_ACCEPTABLE))
}

fn refusal(error: Error, status: Option<StatusCode>) -> Box<Response<Body>> {
    Box::new(problem::of_error(error, status))
}
