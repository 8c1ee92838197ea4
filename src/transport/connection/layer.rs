//! The layer that works out a call's [`ClientConnection`], before the layers that decide by it or write it down.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::Request;
use tower::{Layer, Service};

use super::{ClientConnection, TrustedProxies};

/// Puts a [`ClientConnection`] into the extensions of every request.
#[derive(Debug, Clone)]
pub struct ClientConnectionLayer(Arc<TrustedProxies>);

impl ClientConnectionLayer {
    /// Believes the proxies of `inoltro`.
    #[must_use]
    pub fn new(inoltro: TrustedProxies) -> Self {
        Self(Arc::new(inoltro))
    }
}

impl<S> Layer<S> for ClientConnectionLayer {
    type Service = WithClientConnection<S>;

    fn layer(&self, inner: S) -> WithClientConnection<S> {
        WithClientConnection {
            inner,
            inoltro: Arc::clone(&self.0),
        }
    }
}

/// A service whose requests have a [`ClientConnection`].
#[derive(Debug, Clone)]
pub struct WithClientConnection<S> {
    inner: S,
    inoltro: Arc<TrustedProxies>,
}

impl<S, B> Service<Request<B>> for WithClientConnection<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let canale =
            ClientConnection::of_request(request.extensions(), request.headers(), &self.inoltro);
        request.extensions_mut().insert(canale);
        self.inner.call(request)
    }
}
