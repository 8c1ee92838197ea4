//! The door: a tower layer that every request passes.
//!
//! ```text
//! /grpc.health.v1.Health/Check                                  ──────────────────────────────► service
//! /inps.omnia.monitoraggio.v1.DecreeService/ListDecrees         ── Guardia ── + Abilitazione ──► service
//! /inps.omnia.monitoraggio.v1.DecreeService/NoSuchCall          ── Guardia ── CALL_UNKNOWN
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
};

use http::{Request, Response, header::AUTHORIZATION};
use tonic::body::Body;
use tower::{Layer, Service};

use super::{
    Abilitazione, Guardia,
    autenticazione::{DPOP, EVIDENZA},
    consumo::Posto,
    guardia::Entrata,
    porta::{Porta, call_unknown, porta},
};
use crate::{canale::Canale, error::Result, rpc::status::into_status, traccia::Traccia};

/// Puts the door before a service.
#[derive(Debug, Clone)]
pub struct AccessLayer(Guardia);

impl AccessLayer {
    /// A door kept by `guardia`.
    #[must_use]
    pub fn new(guardia: Guardia) -> Self {
        Self(guardia)
    }

    /// Who keeps it.
    #[must_use]
    pub fn guardia(&self) -> &Guardia {
        &self.0
    }
}

impl<S> Layer<S> for AccessLayer {
    type Service = Accesso<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Accesso {
            inner,
            guardia: self.0.clone(),
        }
    }
}

/// A service behind the door.
#[derive(Debug, Clone)]
pub struct Accesso<S> {
    inner: S,
    guardia: Guardia,
}

impl<S> Service<Request<Body>> for Accesso<S>
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
        let guardia = self.guardia.clone();
        Box::pin(async move {
            match enter(&guardia, &mut request).await {
                // A call with one answer is answered as it was decided.
                Ok(None) => inner.call(request).await,
                Ok(Some((abilitazione, posto))) => {
                    let response = inner.call(request).await?;
                    Ok(response.map(|body| guardia.correnti().iscrivi(abilitazione, posto, body)))
                }
                Err(error) => Ok(into_status(error).into_http()),
            }
        })
    }
}

/// Lets a call in; what a stream is to be registered with.
async fn enter(
    guardia: &Guardia,
    request: &mut Request<Body>,
) -> Result<Option<(Abilitazione, Posto)>> {
    // Without the audit layer outside there is none, and nobody reads it.
    let traccia: Traccia = request.extensions().get().cloned().unwrap_or_default();
    let entrata = match porta(request.uri().path()) {
        Porta::Libera => None,
        Porta::Contratto(rpc) => {
            let ignoto = Canale::default();
            let canale = request.extensions().get().unwrap_or(&ignoto);
            let headers = request.headers();
            Some(guardia.decidi(rpc, headers, canale, &traccia).await?)
        }
        Porta::Ignota => return Err(call_unknown()),
    };
    // No handler has a use for it, and what nobody has nobody logs.
    for header in [AUTHORIZATION, DPOP, EVIDENZA] {
        request.headers_mut().remove(header);
    }
    let Some(Entrata {
        abilitazione,
        flusso,
    }) = entrata
    else {
        return Ok(None);
    };
    let flusso = flusso.map(|posto| (abilitazione.clone(), posto));
    request.extensions_mut().insert(abilitazione);
    Ok(flusso)
}
