//! The layer that records: outside the access layer, so that what is refused is recorded too.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, Request, Response};
use opentelemetry::trace::TraceContextExt as _;
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::{
    body::{BufferedBody, CountedBody},
    log::{AuditLog, unavailable},
    ongoing_call::OngoingCall,
    record::RecordKind,
    refusals::Refusals,
    stream_end::StreamEnd,
};
use crate::{
    call_record::{CallRecord, TraceId},
    contract::{
        http_call::{GrpcWebCall, HttpCall, PageCall},
        route::{Route, route},
    },
    telemetry::Quiet,
    transport::connection::ClientConnection,
};

/// The calls that change something: not even begun where they could not be recorded.
const CHANGING_CALLS: &str = "GrantService/";

/// Puts the recorder before a service.
#[derive(Debug, Clone)]
pub struct AuditLayer {
    audit: AuditLog,
    refusals: Refusals,
    rpc: Arc<BTreeMap<String, bool>>,
}

impl AuditLayer {
    /// Records in `audit`, and what is refused as `refusals` decides. `rpc` are the calls of the contract, and whether each streams its answers.
    #[must_use]
    pub fn new(audit: AuditLog, refusals: Refusals, rpc: BTreeMap<String, bool>) -> Self {
        Self {
            audit,
            refusals,
            rpc: Arc::new(rpc),
        }
    }
}

impl<S> Layer<S> for AuditLayer {
    type Service = RecordedService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RecordedService {
            inner,
            layer: self.clone(),
        }
    }
}

/// A service whose calls are recorded.
#[derive(Debug, Clone)]
pub struct RecordedService<S> {
    inner: S,
    layer: AuditLayer,
}

impl<S> Service<Request<Body>> for RecordedService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        let rpc = match route(path) {
            Route::Public => {
                // Public calls, without a limit.
                if let Some(quiet) = request.extensions().get::<Quiet>() {
                    quiet.keep();
                }
                return Box::pin(self.inner.call(request));
            }
            Route::Contract(rpc) => rpc,
            Route::Unknown => path,
        };
        let mut current = OngoingCall {
            audit: self.layer.audit.clone(),
            refusals: self.layer.refusals.clone(),
            quiet: request.extensions().get().cloned().unwrap_or_default(),
            known: self.layer.rpc.contains_key(rpc),
            rpc: rpc.to_owned(),
            call_record: CallRecord::default(),
            trace_id: trace_id(request.headers()),
            pending: true,
        };
        let streams = self.layer.rpc.get(rpc).copied().unwrap_or(false);
        let indirizzo = request
            .extensions()
            .get()
            .and_then(|channel: &ClientConnection| channel.address());
        let by_rest = request.extensions().get::<HttpCall>().is_some();
        let by_web = request.extensions().get::<GrpcWebCall>();
        let by_page = request.extensions().get::<PageCall>().is_some();
        let via = match (by_page, by_rest) {
            (true, _) => Some("CRUSCOTTO"),
            (false, true) => Some("REST"),
            (false, false) => by_web.map(|_| "GRPC_WEB"),
        };
        current.call_record.note(|f| {
            f.indirizzo = indirizzo;
            f.via = via;
        });
        request.extensions_mut().insert(current.call_record.clone());
        if current.rpc.starts_with(CHANGING_CALLS) && !current.audit.is_writable() {
            let status = Status::from(unavailable());
            current.is_counted(&status);
            current.pending = false;
            return Box::pin(async { Ok(status.into_http()) });
        }
        let answer = self.inner.call(request);
        // Whoever asks in HTTP is told these.
        let trace_id = (by_rest || by_page).then(|| TraceId(current.trace_id.clone()));
        Box::pin(async move {
            let response = answer.await?;
            let quota = trace_id.as_ref().and(current.call_record.quota());
            let recorded = if streams {
                current.stream(response).await
            } else {
                current.unary(response).await
            };
            let mut response = recorded.unwrap_or_else(|error| Status::from(error).into_http());
            if let Some(trace_id) = trace_id {
                response.extensions_mut().insert(trace_id);
            }
            if let Some(quota) = quota {
                response.extensions_mut().insert(quota);
            }
            Ok(response)
        })
    }
}

impl OngoingCall {
    async fn unary(mut self, response: Response<Body>) -> crate::error::Result<Response<Body>> {
        let (parts, body) = response.into_parts();
        let headers = Status::from_header_map(&parts.headers);
        let whole = BufferedBody::read(body)
            .await
            .map_err(|status| crate::error::Error::internal(status.to_string()))?;
        let status = headers
            .or_else(|| whole.trailers.as_ref().and_then(Status::from_header_map))
            .unwrap_or_else(|| Status::unknown("no status"));
        if self.is_counted(&status) {
            return Ok(Response::from_parts(parts, Body::new(whole)));
        }
        let recorded = self
            .write(RecordKind::Chiamata, &status, Some(whole.bytes))
            .await;
        // What says itself that nothing can be had now holds nothing back, and says better why.
        if status.code() != Code::Unavailable {
            recorded?;
        }
        Ok(Response::from_parts(parts, Body::new(whole)))
    }

    /// A status in the headers is all that there is of the answer: it was refused.
    async fn stream(mut self, response: Response<Body>) -> crate::error::Result<Response<Body>> {
        if let Some(status) = Status::from_header_map(response.headers()) {
            if self.is_counted(&status) {
                return Ok(response);
            }
            let recorded = self.write(RecordKind::Inizio, &status, Some(0)).await;
            if status.code() != Code::Unavailable {
                recorded?;
            }
            return Ok(response);
        }
        let inizio = self
            .write(RecordKind::Inizio, &Status::ok(""), None)
            .await?;
        let end = StreamEnd::new(self, inizio, response.extensions().get().cloned());
        Ok(response.map(|body| Body::new(CountedBody::new(body, end))))
    }
}

/// The trace of the call: the span's, if it is in one; the caller's; else one of our own.
fn trace_id(headers: &HeaderMap) -> String {
    let context = tracing::Span::current().context();
    let span = context.span().span_context().clone();
    if span.is_valid() {
        return span.trace_id().to_string();
    }
    let sent = headers
        .get("traceparent")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split('-').nth(1))
        .filter(|id| {
            let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
            id.len() == 32 && id.bytes().all(hex) && id.bytes().any(|c| c != b'0')
        });
    sent.map_or_else(|| format!("{:032x}", rand::random::<u128>()), str::to_owned)
}
