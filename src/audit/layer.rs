//! The layer that records: outside the access layer, so that what is refused is recorded too.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use chrono::{DateTime, Utc};
use http::{HeaderMap, Request, Response};
use opentelemetry::trace::TraceContextExt as _;
use tonic::{Code, Status, body::Body};
use tonic_types::StatusExt as _;
use tower::{Layer, Service};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::{
    AuditLog,
    body::{BufferedBody, CountedBody},
    record::{AuditedCall, CallOutcome, RecordKind, RecordedDecision},
    refusals::{Refusals, RefusedCall},
    stream_end::StreamEnd,
    unavailable,
};
use crate::{
    call_record::{CallFacts, CallRecord},
    contract::route::{Route, route},
    error::{Error, Reason},
    telemetry::{Quiet, code_name},
    transport::connection::ClientConnection,
    valori::tax_codes::masked,
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
                // Anybody may ask these, as often as they like.
                if let Some(quiet) = request.extensions().get::<Quiet>() {
                    quiet.keep();
                }
                return Box::pin(self.inner.call(request));
            }
            Route::Contract(rpc) => rpc,
            Route::Unknown => path,
        };
        let mut corrente = OngoingCall {
            audit: self.layer.audit.clone(),
            refusals: self.layer.refusals.clone(),
            quiet: request.extensions().get().cloned().unwrap_or_default(),
            known: self.layer.rpc.contains_key(rpc),
            rpc: rpc.to_owned(),
            call_record: CallRecord::default(),
            trace_id: trace_id(request.headers()),
            in_sospeso: true,
        };
        let streams = self.layer.rpc.get(rpc).copied().unwrap_or(false);
        let indirizzo = request
            .extensions()
            .get()
            .and_then(|canale: &ClientConnection| canale.address());
        corrente.call_record.note(|f| f.indirizzo = indirizzo);
        request
            .extensions_mut()
            .insert(corrente.call_record.clone());
        if corrente.rpc.starts_with(CHANGING_CALLS) && !corrente.audit.is_writable() {
            let status = Status::from(unavailable());
            corrente.is_counted(&status);
            corrente.in_sospeso = false;
            return Box::pin(async { Ok(status.into_http()) });
        }
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await?;
            let recorded = if streams {
                corrente.stream(response).await
            } else {
                corrente.unary(response).await
            };
            Ok(recorded.unwrap_or_else(|error| Status::from(error).into_http()))
        })
    }
}

/// A call that is under way.
#[derive(Debug)]
pub(super) struct OngoingCall {
    pub(super) audit: AuditLog,
    refusals: Refusals,
    /// Whether its end is told in the log.
    quiet: Quiet,
    /// Whether there is such a call.
    known: bool,
    pub(super) rpc: String,
    pub(super) call_record: CallRecord,
    pub(super) trace_id: String,
    /// Whether it has no record yet.
    in_sospeso: bool,
}

/// A call that is dropped before it had an answer (its client reset it, or its own time limit ended it) leaves a record too:
/// it may have read, or changed, what it was let in for.
impl Drop for OngoingCall {
    fn drop(&mut self) {
        if !self.in_sospeso {
            return;
        }
        let status = match self.call_record.is_expired() {
            true => Status::from(Error::new(Reason::CallDeadline, "")),
            false => Status::cancelled("the call ended before its answer"),
        };
        if self.is_counted(&status) {
            return;
        }
        let (adesso, coda) = self.record_tail(RecordKind::Chiamata, &status, Some(0));
        self.audit.enqueue(adesso, coda);
    }
}

impl OngoingCall {
    async fn unary(mut self, response: Response<Body>) -> crate::error::Result<Response<Body>> {
        let (parts, body) = response.into_parts();
        let headers = Status::from_header_map(&parts.headers);
        let intero = BufferedBody::read(body)
            .await
            .map_err(|status| crate::error::Error::internal(status.to_string()))?;
        let status = headers
            .or_else(|| intero.trailers.as_ref().and_then(Status::from_header_map))
            .unwrap_or_else(|| Status::unknown("no status"));
        if self.is_counted(&status) {
            return Ok(Response::from_parts(parts, Body::new(intero)));
        }
        let recorded = self
            .write(RecordKind::Chiamata, &status, Some(intero.bytes))
            .await;
        // What says itself that nothing can be had now holds nothing back, and says better why.
        if status.code() != Code::Unavailable {
            recorded?;
        }
        Ok(Response::from_parts(parts, Body::new(intero)))
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
        let fine = StreamEnd::new(self, inizio, response.extensions().get().cloned());
        Ok(response.map(|body| Body::new(CountedBody::new(body, fine))))
    }

    /// Whether the call was not let in, and was counted with others like it: then it is settled. One that was not let in and is to
    /// have a record has a line of the log too.
    fn is_counted(&mut self, status: &Status) -> bool {
        if status.code() == Code::Ok {
            return false;
        }
        let fatti = self.call_record.facts();
        if fatti.admitted {
            return false;
        }
        let (reason, code) = (reason(status), code_name(status.code()));
        let refusal = RefusedCall::new(&fatti, reason, code);
        let counted = self.refusals.counts(refusal, self.audit.now());
        if counted {
            self.quiet.keep();
            self.in_sospeso = false;
        } else {
            self.tell(&fatti, status);
        }
        counted
    }

    fn tell(&self, fatti: &CallFacts, status: &Status) {
        let text = |text: &Option<String>| masked(text.as_deref().unwrap_or_default()).into_owned();
        tracing::info!(
            soggetto = text(&fatti.soggetto),
            ente = text(&fatti.ente),
            profilo = text(&fatti.profilo),
            // The path is the caller's text until the vocabulary knows it.
            rpc = if self.known { &self.rpc } else { "unknown" },
            reason = reason(status).unwrap_or_else(|| code_name(status.code()).to_owned()),
            detail = status.message(),
            "access denied"
        );
    }

    async fn write(
        &mut self,
        tipo: RecordKind,
        status: &Status,
        byte: Option<u64>,
    ) -> crate::error::Result<i64> {
        let (adesso, coda) = self.record_tail(tipo, status, byte);
        // From its first poll on the record is on its way, whatever becomes of the call.
        self.in_sospeso = false;
        self.audit.write(adesso, coda).await
    }

    fn record_tail(
        &self,
        tipo: RecordKind,
        status: &Status,
        byte: Option<u64>,
    ) -> (DateTime<Utc>, String) {
        let fatti = match byte {
            // The record of the whole call is the last that is written of it.
            Some(_) => self.call_record.take(),
            None => CallFacts {
                // A stream begins: what it may have read ahead was not sent.
                righe: None,
                ..self.call_record.facts()
            },
        };
        let adesso = self.audit.now();
        let coda = AuditedCall {
            tipo,
            rpc: &self.rpc,
            facts: &fatti,
            decisione: Some(decision(status.code(), &fatti)),
            motivo: reason(status).as_deref(),
            trace_id: &self.trace_id,
            outcome: byte.map(|byte| CallOutcome {
                code: code_name(status.code()),
                byte,
            }),
            inizio: None,
        }
        .record_tail(adesso, self.audit.key());
        (adesso, coda)
    }
}

/// What was decided, however the call ended: a handler may refuse what the door let in (four eyes).
fn decision(code: Code, fatti: &CallFacts) -> RecordedDecision {
    if fatti.permitted && code != Code::PermissionDenied {
        RecordedDecision::Consentita
    } else {
        RecordedDecision::Negata
    }
}

pub(super) fn reason(status: &Status) -> Option<String> {
    if status.code() == Code::Ok {
        return None;
    }
    Some(status.get_details_error_info()?.reason)
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
