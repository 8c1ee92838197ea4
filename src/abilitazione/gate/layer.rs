//! The door: a tower layer that every request passes.
//!
//! ```text
//! /grpc.health.v1.Health/Check                                  ──────────────────────────────► service
//! /inps.omnia.monitoraggio.v1.DecreeService/ListDecrees         ── Authorizer ── + Abilitazione ──► service
//! /inps.omnia.monitoraggio.v1.DecreeService/NoSuchCall          ── Authorizer ── CALL_UNKNOWN
//! /anything.Else/Here                                           ── CALL_UNKNOWN
//! ```
//!
//! It is a layer and not a tonic interceptor, since an interceptor does not see which call is made. Whatever is
//! not listed is answered here and reaches no service: a service that somebody adds without a word to the contract's
//! vocabulary cannot be called. The token stays here too, with its proof and evidence.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use http::{Request, Response, header::AUTHORIZATION};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

use super::unknown_call::call_unknown;
use crate::{
    abilitazione::{
        Abilitazione, AnswerView, Authorizer,
        authn::{DPOP, TRACKING_EVIDENCE},
        gate::{
            authorizer::{Admission, Presented},
            not_a_message::NotAMessage,
            public_streams::PublicStreams,
            request_body::receive_body,
        },
    },
    call_record::CallRecord,
    contract::{
        http_call::{CallTarget, HttpCall},
        route::{HEALTH, Route, route},
    },
    error::{Error, Result},
    grpc::cancellable_body::CancelHandle,
    transport::connection::ClientConnection,
};

/// A message that comes so soon after its headers is answered as they were decided.
const PROMPT: Duration = Duration::from_millis(100);

/// Puts the door before a service.
#[derive(Debug, Clone)]
pub struct AccessLayer {
    authorizer: Authorizer,
    limit: usize,
    public_streams: PublicStreams,
}

impl AccessLayer {
    /// A door kept by `authorizer`, for requests of `limit` bytes at most.
    #[must_use]
    pub fn new(authorizer: Authorizer, limit: usize) -> Self {
        Self {
            authorizer,
            limit,
            public_streams: PublicStreams::default(),
        }
    }

    /// Who keeps it.
    #[must_use]
    pub fn authorizer(&self) -> &Authorizer {
        &self.authorizer
    }
}

impl<S> Layer<S> for AccessLayer {
    type Service = AccessGate<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AccessGate {
            inner,
            gate: self.clone(),
        }
    }
}

/// What a stream can be ended by.
fn cancel_handle(request: &Request<Body>) -> Result<CancelHandle> {
    let handle = request.extensions().get::<CancelHandle>().cloned();
    handle.ok_or_else(|| Error::internal("a stream came in past the layer that ends streams"))
}

/// A service behind the door.
#[derive(Debug, Clone)]
pub struct AccessGate<S> {
    inner: S,
    gate: AccessLayer,
}

impl<S> Service<Request<Body>> for AccessGate<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The service that was polled ready is the one to call; its clone waits for the next request.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let gate = self.gate.clone();
        Box::pin(async move {
            match gate.enter(&mut request).await {
                Ok(()) => {
                    let view = view(&request);
                    let mut response = inner.call(request).await?;
                    if let Some(view) = view {
                        response.extensions_mut().insert(view);
                    }
                    Ok(response)
                }
                Err(error) => Ok(Status::from(error).into_http()),
            }
        })
    }
}

/// What of the data a call that came in HTTP gets.
fn view(request: &Request<Body>) -> Option<AnswerView> {
    request.extensions().get::<HttpCall>()?;
    let abilitazione: &Abilitazione = request.extensions().get()?;
    Some(abilitazione.view())
}

impl AccessLayer {
    /// Lets a call in. A stream is registered, so that it can be ended; a call with one answer is answered as it was decided.
    async fn enter(&self, request: &mut Request<Body>) -> Result<()> {
        // Without the audit layer outside there is no record to fill.
        let traccia: CallRecord = request.extensions().get().cloned().unwrap_or_default();
        let not_a_message = request.extensions_mut().remove();
        let not_a_message = not_a_message.map_or(Ok(()), |NotAMessage(error)| Err(error));
        let admission = match route(request.uri().path()) {
            Route::Public => {
                not_a_message?;
                // Before the message: one that never comes is a stream too.
                self.admit_public(request)?;
                if request.uri().path().starts_with(HEALTH) {
                    self.receive_message(request).await?;
                }
                None
            }
            Route::Contract(rpc) => {
                let unknown = ClientConnection::default();
                let channel = request.extensions().get().unwrap_or(&unknown);
                let headers = request.headers();
                let spelt = request.extensions().get();
                let target = spelt.map_or(CallTarget::Grpc(rpc), CallTarget::Http);
                let session = request.extensions().get();
                let caller = session.map_or(Presented::Headers(target, headers), |user| {
                    Presented::Session(user)
                });
                let admission = self
                    .authorizer
                    .authorize(rpc, caller, channel, &traccia)
                    .await?;
                not_a_message?;
                Some(admission)
            }
            Route::Unknown => {
                not_a_message?;
                return Err(call_unknown());
            }
        };
        // Strip credentials so that no handler can log them.
        for header in [AUTHORIZATION, DPOP, TRACKING_EVIDENCE] {
            request.headers_mut().remove(header);
        }
        let Some(Admission {
            abilitazione,
            stream_reservation: stream,
        }) = admission
        else {
            return Ok(());
        };
        self.receive_and_recheck(request, &abilitazione).await?;
        if let Some(posto) = stream {
            let handle = cancel_handle(request)?;
            self.authorizer
                .active_streams()
                .register(abilitazione.clone(), posto, handle);
        }
        request.extensions_mut().insert(abilitazione);
        Ok(())
    }

    /// A public stream takes a place of its address.
    fn admit_public(&self, request: &Request<Body>) -> Result<()> {
        // A call with one answer has nothing to be taken away.
        if let Ok(handle) = cancel_handle(request) {
            let channel: Option<&ClientConnection> = request.extensions().get();
            handle.hold(
                self.public_streams
                    .reserve(channel.and_then(ClientConnection::address))?,
            );
        }
        Ok(())
    }

    /// Waits for the message.
    async fn receive_message(&self, request: &mut Request<Body>) -> Result<()> {
        let body = std::mem::take(request.body_mut());
        *request.body_mut() = receive_body(body, request.headers(), self.limit).await?;
        Ok(())
    }

    /// Waits for the message, and decides again where it let itself be waited for.
    async fn receive_and_recheck(
        &self,
        request: &mut Request<Body>,
        abilitazione: &Abilitazione,
    ) -> Result<()> {
        let decided_at = Instant::now();
        self.receive_message(request).await?;
        if decided_at.elapsed() > PROMPT {
            self.authorizer.decide_again(abilitazione).await?;
        }
        Ok(())
    }
}
