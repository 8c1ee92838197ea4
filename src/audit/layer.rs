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
use tonic_types::StatusExt as _;
use tower::{Layer, Service};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::{
    Audit,
    corpo::{Contato, Intero},
    record::{Chiamata, Decisione, Esito, Tipo},
};
use crate::{
    abilitazione::is_libera, canale::Canale, proto::PACKAGE, rpc::status::into_status,
    telemetry::code_name, traccia::Traccia,
};

/// Puts the recorder before a service.
#[derive(Debug, Clone)]
pub struct AuditLayer {
    audit: Audit,
    rpc: Arc<BTreeMap<String, bool>>,
}

impl AuditLayer {
    /// Records in `audit`. `rpc` are the calls of the contract, and whether each streams its answers.
    #[must_use]
    pub fn new(audit: Audit, rpc: BTreeMap<String, bool>) -> Self {
        Self {
            audit,
            rpc: Arc::new(rpc),
        }
    }
}

impl<S> Layer<S> for AuditLayer {
    type Service = Registrato<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Registrato {
            inner,
            layer: self.clone(),
        }
    }
}

/// A service whose calls are recorded.
#[derive(Debug, Clone)]
pub struct Registrato<S> {
    inner: S,
    layer: AuditLayer,
}

impl<S> Service<Request<Body>> for Registrato<S>
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
        if is_libera(path) {
            return Box::pin(self.inner.call(request));
        }
        let rpc = path
            .strip_prefix('/')
            .and_then(|path| path.strip_prefix(PACKAGE))
            .and_then(|path| path.strip_prefix('.'))
            .unwrap_or(path);
        let corrente = Corrente {
            audit: self.layer.audit.clone(),
            rpc: rpc.to_owned(),
            traccia: Traccia::default(),
            trace_id: trace_id(request.headers()),
        };
        let streams = self.layer.rpc.get(rpc).copied().unwrap_or(false);
        let indirizzo = request
            .extensions()
            .get()
            .and_then(|canale: &Canale| canale.indirizzo());
        corrente.traccia.nota(|f| f.indirizzo = indirizzo);
        request.extensions_mut().insert(corrente.traccia.clone());
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await?;
            let recorded = if streams {
                corrente.stream(response).await
            } else {
                corrente.unary(response).await
            };
            Ok(recorded.unwrap_or_else(|error| into_status(error).into_http()))
        })
    }
}

/// A call that is under way.
struct Corrente {
    audit: Audit,
    rpc: String,
    traccia: Traccia,
    trace_id: String,
}

impl Corrente {
    async fn unary(self, response: Response<Body>) -> crate::error::Result<Response<Body>> {
        let (parts, body) = response.into_parts();
        let headers = Status::from_header_map(&parts.headers);
        let intero = Intero::leggi(body)
            .await
            .map_err(|status| crate::error::Error::internal(status.to_string()))?;
        let status = headers
            .or_else(|| intero.trailers.as_ref().and_then(Status::from_header_map))
            .unwrap_or_else(|| Status::unknown("no status"));
        let recorded = self
            .scrivi(Tipo::Chiamata, &status, Some(intero.byte))
            .await;
        // What says itself that nothing can be had now holds nothing back, and says better why.
        if status.code() != Code::Unavailable {
            recorded?;
        }
        Ok(Response::from_parts(parts, intero.rendi()))
    }

    /// A status in the headers is all that there is of the answer: it was refused.
    async fn stream(self, response: Response<Body>) -> crate::error::Result<Response<Body>> {
        if let Some(status) = Status::from_header_map(response.headers()) {
            let recorded = self.scrivi(Tipo::Inizio, &status, Some(0)).await;
            if status.code() != Code::Unavailable {
                recorded?;
            }
            return Ok(response);
        }
        let inizio = self.scrivi(Tipo::Inizio, &Status::ok(""), None).await?;
        let fine = Fine {
            corrente: Some(self),
            inizio,
            byte: 0,
            status: None,
        };
        Ok(response.map(|body| Body::new(Contato::new(body, fine))))
    }

    async fn scrivi(
        &self,
        tipo: Tipo,
        status: &Status,
        byte: Option<u64>,
    ) -> crate::error::Result<i64> {
        let mut fatti = self.traccia.fatti();
        if byte.is_none() {
            // A stream begins: what it may have read ahead was not sent.
            fatti.righe = None;
        }
        let motivo = reason(status);
        let adesso = self.audit.adesso();
        let coda = Chiamata {
            tipo,
            rpc: &self.rpc,
            fatti: &fatti,
            decisione: Some(decisione(status.code())),
            motivo: motivo.as_deref(),
            traccia: &self.trace_id,
            esito: byte.map(|byte| Esito {
                codice: code_name(status.code()),
                byte,
            }),
            inizio: None,
        }
        .coda(adesso, self.audit.chiave());
        self.audit.scrivi(adesso, coda).await
    }
}

/// The end of a stream, recorded when its body is dropped: that happens once, on every way out.
pub(super) struct Fine {
    corrente: Option<Corrente>,
    inizio: i64,
    pub(super) byte: u64,
    /// `None`: the client went away before there was one.
    pub(super) status: Option<Status>,
}

impl Drop for Fine {
    fn drop(&mut self) {
        let Some(corrente) = self.corrente.take() else {
            return;
        };
        let cancelled = || Status::cancelled("the client went away");
        let status = self.status.take().unwrap_or_else(cancelled);
        let fatti = corrente.traccia.prendi();
        let adesso = corrente.audit.adesso();
        let coda = Chiamata {
            tipo: Tipo::Fine,
            rpc: &corrente.rpc,
            fatti: &fatti,
            decisione: None,
            motivo: reason(&status).as_deref(),
            traccia: &corrente.trace_id,
            esito: Some(Esito {
                codice: code_name(status.code()),
                byte: self.byte,
            }),
            inizio: Some(self.inizio),
        }
        .coda(adesso, corrente.audit.chiave());
        corrente.audit.accoda(adesso, coda);
    }
}

fn decisione(code: Code) -> Decisione {
    match code {
        Code::Unauthenticated | Code::PermissionDenied | Code::ResourceExhausted => {
            Decisione::Negata
        }
        _ => Decisione::Consentita,
    }
}

fn reason(status: &Status) -> Option<String> {
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
