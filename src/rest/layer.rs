//! Takes the requests that are no gRPC calls, and makes each the call that it stands for. One that stands for none goes the same way and is
//! refused there: so it is told who may ask, counted and recorded like any call.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::{BoxFuture, Either};
use http::{HeaderName, Method, Request, Response, Version, request::Parts};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use prost_reflect::DynamicMessage;
use tokio::time::timeout;
use tonic::body::Body;
use tower::{Layer, Service, ServiceExt as _};

use super::{
    accept::{accepts, accepts_gzip},
    answer::{self, Frames},
    batch::BatchPlan,
    file::{FileAnswer, KnownFiles},
    grpc_call::{self, GrpcCall},
    lines, problem, rate_limit,
    refusal::{NoAnswer, Refusal},
    request,
    table::{AnswerForm, Destination, Resource, RestTable},
    template::PathValue,
};
use crate::{
    abilitazione::AnswerView,
    call_record::{QuotaLeft, TraceId},
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
    type Future = Either<S::Future, BoxFuture<'static, Result<Response<Body>, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // gRPC needs HTTP/2: what comes by HTTP/1.1 is a resource, or nothing.
        if request.version() >= Version::HTTP_2 && !request.uri().path().starts_with(RESOURCES) {
            return Either::Left(self.inner.call(request));
        }
        let (inner, layer) = (self.inner.clone(), self.layer.clone());
        Either::Right(Box::pin(async move {
            let is_head = request.method() == Method::HEAD;
            let mut response = layer.answer(inner, request).await;
            if is_head {
                *response.body_mut() = Body::empty();
            }
            Ok(response)
        }))
    }
}

impl RestLayer {
    async fn answer<S>(&self, inner: S, request: Request<Body>) -> Response<Body>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
    {
        let (parts, body) = request.into_parts();
        let (resource, refusal) = match self.table.find(&parts.method, parts.uri.path()) {
            Destination::Resource(resource, values) => {
                match self.message(resource, &values, &parts, body).await {
                    Ok(message) => return self.call(inner, &parts, resource, message).await,
                    Err(refusal) => (Some(resource), refusal),
                }
            }
            Destination::OtherMethods(methods) => (None, Refusal::other_methods(&methods)),
            Destination::Nothing => (None, Refusal::nowhere()),
        };
        self.refuse(inner, &parts, resource, refusal).await
    }

    /// What the call is asked.
    async fn message(
        &self,
        resource: &Resource,
        path: &[PathValue<'_>],
        parts: &Parts,
        body: Body,
    ) -> Result<DynamicMessage, Refusal> {
        if !matches!(resource.form, AnswerForm::Json) && parts.version < Version::HTTP_11 {
            return Err(Refusal::version_too_old());
        }
        let gives = resource.form.media_type();
        if let Some(gives) = gives.filter(|gives| !accepts(&parts.headers, gives)) {
            return Err(Refusal::not_acceptable(gives));
        }
        let body = match resource.has_body {
            true if !request::is_json(&parts.headers) => return Err(Refusal::not_json()),
            true if request::is_compressed(&parts.headers) => return Err(Refusal::compressed()),
            true => Some(self.read(body).await?),
            false => None,
        };
        let query = parts.uri.query().unwrap_or_default();
        Ok(request::message(resource, path, query, body.as_deref())?)
    }

    async fn read(&self, body: Body) -> Result<Bytes, Refusal> {
        let read = Limited::new(body, self.max_body).collect();
        let read = timeout(self.patience, read).await;
        let read = read.map_err(|_| Refusal::too_slow())?;
        read.map(http_body_util::Collected::to_bytes)
            .map_err(|error| match error.is::<LengthLimitError>() {
                true => Refusal::too_large(),
                false => Refusal::broken(),
            })
    }

    async fn call<S>(
        &self,
        inner: S,
        parts: &Parts,
        resource: &Resource,
        message: DynamicMessage,
    ) -> Response<Body>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
    {
        let call = GrpcCall::new(resource, parts, message, &self.address_header);
        let Ok(response) = inner.clone().oneshot(call.request()).await;
        let told = Told::of(&response);
        let spelt = match &resource.form {
            AnswerForm::Json => json(resource, parts, response).await,
            AnswerForm::Lines(plan) => lines(resource, plan, parts, response).await,
            AnswerForm::File => {
                let known = self.known_files.clone();
                file(resource, known, parts, call, response, inner).await
            }
        };
        told.tell(spelt, Some(resource))
    }

    /// A request that is no call goes the way of one, to be refused by the gate: it may have more to say than that.
    async fn refuse<S>(
        &self,
        inner: S,
        parts: &Parts,
        resource: Option<&Resource>,
        refusal: Refusal,
    ) -> Response<Body>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    {
        let error = refusal.error.clone();
        let call = grpc_call::refused(resource, parts, error, &self.address_header);
        let Ok(response) = inner.oneshot(call).await;
        let told = Told::of(&response);
        let failure = match Frames::of(response) {
            Err(status) if problem::reason(&status) != Some(refusal.error.reason) => status.into(),
            _ => refusal.into(),
        };
        told.tell(Err(failure), resource)
    }
}

/// What an answer says besides.
struct Told {
    trace_id: Option<String>,
    quota: Option<QuotaLeft>,
}

impl Told {
    fn of(response: &Response<Body>) -> Self {
        let extensions = response.extensions();
        Self {
            trace_id: extensions
                .get::<TraceId>()
                .map(|TraceId(trace)| trace.clone()),
            quota: extensions.get().copied(),
        }
    }

    fn tell(
        self,
        spelt: Result<Response<Body>, NoAnswer>,
        resource: Option<&Resource>,
    ) -> Response<Body> {
        let mut response =
            spelt.unwrap_or_else(|failure| problem::response(failure, resource, self.trace_id));
        if let Some(quota) = self.quota {
            rate_limit::tell(quota, response.headers_mut());
        }
        if let Some(end_of_life) = resource.and_then(|resource| resource.end_of_life.as_ref()) {
            end_of_life.tell(response.headers_mut());
        }
        response
    }
}

/// One answer.
async fn json(
    resource: &Resource,
    asked: &Parts,
    response: Response<Body>,
) -> Result<Response<Body>, NoAnswer> {
    let mut frames = Frames::of(response)?;
    let first = frames.first().await?;
    let json = answer::json(first, resource.call.output())?;
    Ok(answer::response(json, &asked.headers, resource.is_kept))
}

/// A stream of rows.
async fn lines(
    resource: &Resource,
    plan: &Arc<BatchPlan>,
    asked: &Parts,
    response: Response<Body>,
) -> Result<Response<Body>, NoAnswer> {
    let mut frames = Frames::of(response)?;
    let first = frames.first().await?;
    let (of, gzip) = (resource.call.output(), accepts_gzip(&asked.headers));
    let lines = lines::response(first, frames, of, Arc::clone(plan), gzip)?;
    Ok(lines)
}

/// A stream of pieces. `inner` is where the call was made, and can be made again.
async fn file<S>(
    resource: &Resource,
    known: KnownFiles,
    asked: &Parts,
    mut call: GrpcCall,
    response: Response<Body>,
    inner: S,
) -> Result<Response<Body>, NoAnswer>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let view = response.extensions().get::<AnswerView>();
    let view = view.map(|view| view.0.clone()).unwrap_or_default();
    let mut frames = Frames::of(response)?;
    let first = frames.first().await?;
    let file = FileAnswer::new(first, frames, known, &mut call, &view, resource.is_kept)?;
    if !accepts(&asked.headers, file.media_type()) {
        return Err(Refusal::not_acceptable(file.media_type()).into());
    }
    let again = call.may_be_made_again().then_some(async move || {
        let Ok(response) = inner.oneshot(call.request()).await;
        Frames::of(response)
    });
    let head = asked.method == Method::HEAD;
    file.response(&asked.headers, head, again).await
}
