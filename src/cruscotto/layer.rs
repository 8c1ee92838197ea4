//! The layer that answers what browsers ask, and leaves the rest to the service behind.

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    task::{Context, Poll},
};

use askama::Template;
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Either},
};
use http::{Method, Request, Response, StatusCode, header::ALLOW, request::Parts};
use tonic::body::Body;
use tower::{Layer, Service, util::BoxCloneSyncService};

use super::{
    assets,
    calls::{Calls, Inner},
    entry::{SESSION, render, sign_in_first},
    failure::PageFailure,
    pages::{self, PageContext},
    query::Query,
    response::{html, secure, set_cookie, zipped},
    route::{EntryStep, PublicPage, ROOT, SitePage, SiteRoute},
    shell::Shell,
    site::Site,
};

/// Puts the pages before a service that is called by gRPC and by its resources.
#[derive(Debug, Clone)]
pub struct CruscottoLayer(Option<Site>);

impl CruscottoLayer {
    /// With these pages, or none.
    #[must_use]
    pub fn new(site: Option<Site>) -> Self {
        Self(site)
    }
}

impl<S> Layer<S> for CruscottoLayer {
    type Service = Cruscotto<S>;

    fn layer(&self, inner: S) -> Cruscotto<S> {
        Cruscotto {
            inner,
            site: self.0.clone(),
        }
    }
}

/// A service, and the pages before it.
#[derive(Debug, Clone)]
pub struct Cruscotto<S> {
    inner: S,
    site: Option<Site>,
}

impl<S> Service<Request<Body>> for Cruscotto<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
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
        let inside = request.uri().path().strip_prefix(ROOT);
        let inside = inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let Some(site) = self.site.clone().filter(|_| inside) else {
            return Either::Left(self.inner.call(request));
        };
        let inner = BoxCloneSyncService::new(self.inner.clone());
        Either::Right(Box::pin(async move {
            let is_head = request.method() == Method::HEAD;
            // One page that fails must not take the others of its connection with it.
            let answer = AssertUnwindSafe(site.answer(inner, request)).catch_unwind();
            let mut response = answer.await.unwrap_or_else(|_| {
                tracing::error!("a page panicked");
                let failure = PageFailure::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Si è verificato un errore interno del servizio.",
                );
                secure(site.error(failure))
            });
            if is_head {
                *response.body_mut() = Body::empty();
            }
            Ok(response)
        }))
    }
}

/// Where there is no page to show.
#[derive(Template)]
#[template(path = "errore.html")]
struct ErrorPage {
    shell: Shell,
    failure: PageFailure,
    contact: Option<String>,
    /// Where one may go on.
    signs_in_again: bool,
}

/// The page that explains each figure.
#[derive(Template)]
#[template(path = "guida.html")]
struct HelpPage {
    shell: Shell,
}

/// The page of the declaration of accessibility.
#[derive(Template)]
#[template(path = "accessibilita.html")]
struct AccessibilityPage {
    shell: Shell,
}

impl Site {
    async fn answer(&self, inner: Inner, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let answered = match SiteRoute::of(parts.uri.path()) {
            Some(route) if !route.takes(&parts.method) => Ok(other_method(&route)),
            Some(SiteRoute::Asset(version, name)) => {
                // It is for everybody and for ever: nothing of a page is said of it.
                match assets::response(&version, &name, &parts.headers) {
                    Some(response) => return response,
                    None => Err(PageFailure::not_found()),
                }
            }
            Some(SiteRoute::Public(page)) => self.public(page),
            Some(SiteRoute::Entry(step)) => self.entry(step, inner, &parts, body).await,
            Some(SiteRoute::Page(page)) => self.page(page, inner, &parts, body).await,
            None => Err(PageFailure::not_found()),
        };
        let response = answered.unwrap_or_else(|failure| self.error(failure));
        let response = zipped(response, &parts.headers).await;
        secure(response)
    }

    async fn entry(
        &self,
        step: EntryStep,
        inner: Inner,
        parts: &Parts,
        body: Body,
    ) -> Result<Response<Body>, PageFailure> {
        match step {
            EntryStep::Choose if parts.method == Method::POST => {
                self.begin(inner, parts, body).await
            }
            EntryStep::Choose => self.choose(parts),
            EntryStep::Return => self.come_back(inner, parts).await,
            EntryStep::Leave => self.leave(parts, body).await,
        }
    }

    fn public(&self, page: PublicPage) -> Result<Response<Body>, PageFailure> {
        let shell = Shell::public(self);
        let text = match page {
            PublicPage::Guida => render(&HelpPage { shell })?,
            PublicPage::Accessibilita => render(&AccessibilityPage { shell })?,
        };
        Ok(html(StatusCode::OK, text))
    }

    async fn page(
        &self,
        page: SitePage,
        inner: Inner,
        parts: &Parts,
        body: Body,
    ) -> Result<Response<Body>, PageFailure> {
        let Some(session) = self.session(parts).await? else {
            return match parts.method {
                Method::POST => Err(PageFailure::session_over()),
                _ => Ok(sign_in_first(parts)),
            };
        };
        let user = session.user.clone();
        let query = Query::parse(parts.uri.query().unwrap_or_default()).single();
        let context = PageContext {
            site: self.clone(),
            calls: Calls::new(inner, parts, user, &self.parts.address_header),
            query: match page.parameters() {
                Some(names) => query.keep(names),
                None => query,
            },
            session,
        };
        let answered = pages::answer(page, &context, parts, body).await;
        match answered {
            Err(failure) if failure.ends_the_session() => {
                let ended = self.parts.sessions.end(&context.session).await;
                if let Err(error) = ended {
                    tracing::error!(error = error.with_cause(), "a session cannot be ended");
                }
                Ok(set_cookie(self.error(failure), SESSION, None))
            }
            answered => answered,
        }
    }

    fn error(&self, failure: PageFailure) -> Response<Body> {
        let status = failure.status;
        let signs_in_again = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::BAD_GATEWAY)
            || failure.ends_the_session();
        let page = ErrorPage {
            shell: Shell::public(self),
            failure,
            contact: self.parts.contact.clone(),
            signs_in_again,
        };
        html(status, render(&page).unwrap_or_default())
    }
}

fn other_method(route: &SiteRoute) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    let allowed = http::HeaderValue::from_static(route.methods());
    response.headers_mut().insert(ALLOW, allowed);
    response
}
