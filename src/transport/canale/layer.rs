//! The layer that works out a call's [`Canale`], before the layers that decide by it or write it down.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::Request;
use tower::{Layer, Service};

use super::{Canale, Inoltro};

/// Puts a [`Canale`] into the extensions of every request.
#[derive(Debug, Clone)]
pub struct CanaleLayer(Arc<Inoltro>);

impl CanaleLayer {
    /// Believes the proxies of `inoltro`.
    #[must_use]
    pub fn new(inoltro: Inoltro) -> Self {
        Self(Arc::new(inoltro))
    }
}

impl<S> Layer<S> for CanaleLayer {
    type Service = ConCanale<S>;

    fn layer(&self, inner: S) -> ConCanale<S> {
        ConCanale {
            inner,
            inoltro: Arc::clone(&self.0),
        }
    }
}

/// A service whose requests have a [`Canale`].
#[derive(Debug, Clone)]
pub struct ConCanale<S> {
    inner: S,
    inoltro: Arc<Inoltro>,
}

impl<S, B> Service<Request<B>> for ConCanale<S>
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
        let canale = Canale::di(request.extensions(), request.headers(), &self.inoltro);
        request.extensions_mut().insert(canale);
        self.inner.call(request)
    }
}
