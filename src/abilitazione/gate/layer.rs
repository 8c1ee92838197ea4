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
    time::{Duration, Instant},
};

use http::{Request, Response, header::AUTHORIZATION};
use tonic::body::Body;
use tower::{Layer, Service};

use crate::{
    abilitazione::{
        Abilitazione, Guardia,
        authn::{DPOP, EVIDENZA},
        gate::{arrivo::arrivo, guardia::Entrata, liberi::Liberi},
    },
    contract::porta::{HEALTH, Porta, call_unknown, porta},
    error::{Error, Result},
    grpc::{interrompibile::Presa, status::into_status},
    traccia::Traccia,
    transport::canale::Canale,
};

/// A message that comes so soon after its headers is answered as they were decided.
const SUBITO: Duration = Duration::from_millis(100);

/// Puts the door before a service.
#[derive(Debug, Clone)]
pub struct AccessLayer {
    guardia: Guardia,
    limite: usize,
    liberi: Liberi,
}

impl AccessLayer {
    /// A door kept by `guardia`, for requests of `limite` bytes at most.
    #[must_use]
    pub fn new(guardia: Guardia, limite: usize) -> Self {
        Self {
            guardia,
            limite,
            liberi: Liberi::default(),
        }
    }

    /// Who keeps it.
    #[must_use]
    pub fn guardia(&self) -> &Guardia {
        &self.guardia
    }
}

impl<S> Layer<S> for AccessLayer {
    type Service = Accesso<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Accesso {
            inner,
            porta: self.clone(),
        }
    }
}

/// What a stream can be ended by.
fn presa(request: &Request<Body>) -> Result<Presa> {
    let presa = request.extensions().get::<Presa>().cloned();
    presa.ok_or_else(|| Error::internal("a stream came in past the layer that ends streams"))
}

/// A service behind the door.
#[derive(Debug, Clone)]
pub struct Accesso<S> {
    inner: S,
    porta: AccessLayer,
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
        let porta = self.porta.clone();
        Box::pin(async move {
            match porta.enter(&mut request).await {
                Ok(()) => inner.call(request).await,
                Err(error) => Ok(into_status(error).into_http()),
            }
        })
    }
}

impl AccessLayer {
    /// Lets a call in. A stream is registered, so that it can be ended; a call with one answer is answered as it was decided.
    async fn enter(&self, request: &mut Request<Body>) -> Result<()> {
        // Without the audit layer outside there is none, and nobody reads it.
        let traccia: Traccia = request.extensions().get().cloned().unwrap_or_default();
        let entrata = match porta(request.uri().path()) {
            Porta::Libera => {
                // Before the message: one that never comes is a stream too.
                self.libera(request)?;
                if request.uri().path().starts_with(HEALTH) {
                    self.aspetta(request).await?;
                }
                None
            }
            Porta::Contratto(rpc) => {
                let ignoto = Canale::default();
                let canale = request.extensions().get().unwrap_or(&ignoto);
                let headers = request.headers();
                Some(self.guardia.decidi(rpc, headers, canale, &traccia).await?)
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
            return Ok(());
        };
        self.attendi(request, &abilitazione).await?;
        if let Some(posto) = flusso {
            let presa = presa(request)?;
            self.guardia
                .correnti()
                .iscrivi(abilitazione.clone(), posto, presa);
        }
        request.extensions_mut().insert(abilitazione);
        Ok(())
    }

    /// A stream that anybody may open takes a place of its address.
    fn libera(&self, request: &Request<Body>) -> Result<()> {
        // A call with one answer has nothing to be taken away.
        if let Ok(presa) = presa(request) {
            let canale: Option<&Canale> = request.extensions().get();
            presa.tieni(self.liberi.posto(canale.and_then(Canale::indirizzo))?);
        }
        Ok(())
    }

    /// Waits for the message.
    async fn aspetta(&self, request: &mut Request<Body>) -> Result<()> {
        let body = std::mem::take(request.body_mut());
        *request.body_mut() = arrivo(body, request.headers(), self.limite).await?;
        Ok(())
    }

    /// Waits for the message, and decides again where it let itself be waited for.
    async fn attendi(
        &self,
        request: &mut Request<Body>,
        abilitazione: &Abilitazione,
    ) -> Result<()> {
        let deciso = Instant::now();
        self.aspetta(request).await?;
        if deciso.elapsed() > SUBITO {
            self.guardia.ridecidi(abilitazione).await?;
        }
        Ok(())
    }
}
