//! What needs no token and stands in no record: the documents of OpenAPI, whether the service answers, and a page for a lost browser.
//!
//! None of it is data, and none of it asks the database.

use std::{
    convert::Infallible,
    fmt,
    future::{Ready, ready},
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::future::Either;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version,
    header::{
        CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
        RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
    },
};
use http_body_util::Full;
use serde_json::json;
use tonic::body::Body;
use tower::{Layer, Service};

use super::{
    accept::accepts_gzip,
    answer::zip,
    openapi::{Mode, OpenApi, PLACEHOLDER},
    problem,
    refusal::Refusal,
};

const HOME: &str = include_str!("home.html");
/// Where the page tells of the pages for people, and what.
const PAGES_MARK: &str = "<!--cruscotto-->\n";
const PAGES: &str = "<p>Le persone usano il <a href=\"/cruscotto\">Cruscotto</a>.</p>\n";
const STATUS: &str = "/status";
/// In YAML and in JSON.
const DOCUMENTS: [(Mode, &str, &str); 2] = [
    (Mode::Reads, "/openapi.yaml", "/openapi.json"),
    (
        Mode::Writes,
        "/openapi-scritture.yaml",
        "/openapi-scritture.json",
    ),
];
/// Seconds.
const AGAIN_AFTER: &str = "5";

/// Puts [`Public`] before a service.
#[derive(Clone)]
pub struct PublicLayer(Arc<Pages>);

struct Pages {
    descriptors: &'static [u8],
    /// Where the service is reached.
    server: String,
    /// Whether there are pages for people too.
    has_pages: bool,
    /// Made when the first of them is asked for.
    texts: OnceLock<Vec<Page>>,
    serves: Box<dyn Fn() -> bool + Send + Sync>,
}

struct Page {
    path: &'static str,
    content_type: &'static str,
    text: Bytes,
    /// Once for all: nobody makes the service compress without a token.
    gzip: Bytes,
}

impl Page {
    fn new(path: &'static str, content_type: &'static str, text: impl Into<Bytes>) -> Self {
        let text = text.into();
        Self {
            path,
            content_type,
            gzip: zip(&text).into(),
            text,
        }
    }
}

impl fmt::Debug for PublicLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicLayer")
            .field("server", &self.0.server)
            .finish_non_exhaustive()
    }
}

impl Pages {
    fn make(&self) -> Vec<Page> {
        let pages = if self.has_pages { PAGES } else { "" };
        let home = HOME.replace(PAGES_MARK, pages);
        let mut texts = vec![Page::new("/", "text/html; charset=utf-8", home)];
        for (mode, yaml, json) in DOCUMENTS {
            let document = OpenApi::of_contract(self.descriptors, mode, &self.server);
            let made = document.and_then(|document| Ok((document.yaml()?, document.json()?)));
            match made {
                Ok((in_yaml, in_json)) => {
                    texts.push(Page::new(yaml, "application/yaml", in_yaml));
                    texts.push(Page::new(json, "application/json", in_json));
                }
                // A fault of whoever changed the contract, which the tests of the documents find.
                Err(error) => tracing::error!(%error, "the contract cannot be told as OpenAPI"),
            }
        }
        texts
    }

    fn page(&self, path: &str) -> Option<&Page> {
        let of_documents = DOCUMENTS.iter().flat_map(|(_, yaml, json)| [*yaml, *json]);
        // Other paths make nothing.
        if path != "/" && !of_documents.into_iter().any(|one| one == path) {
            return None;
        }
        let texts = self.texts.get_or_init(|| self.make());
        texts.iter().find(|page| page.path == path)
    }
}

impl PublicLayer {
    /// Of this contract. `server`: where the service is reached. `has_pages`: whether there are pages for people too. `serves`: whether it
    /// answers calls now.
    #[must_use]
    pub fn new(
        descriptors: &'static [u8],
        server: Option<&String>,
        has_pages: bool,
        serves: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Pages {
            descriptors,
            server: server.map_or(PLACEHOLDER, String::as_str).to_owned(),
            has_pages,
            texts: OnceLock::new(),
            serves: Box::new(serves),
        }))
    }

    /// The answer, where the path is one of these. What could be a call that went astray is answered as calls are.
    fn answer(&self, request: &Request<Body>) -> Option<Response<Body>> {
        let (method, path) = (request.method(), request.uri().path());
        let found = self.0.page(path);
        if found.is_none() && path != STATUS || says_grpc(request) {
            return None;
        }
        let mut response = match (method, found) {
            (&Method::GET | &Method::HEAD, Some(found)) => page(found, request.headers()),
            (&Method::GET | &Method::HEAD, None) => status((self.0.serves)()),
            _ if request.version() >= Version::HTTP_2 => return None,
            _ => problem::response(Refusal::other_methods(&[&Method::GET]).into(), None, None),
        };
        if *method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        Some(response)
    }
}

fn says_grpc(request: &Request<Body>) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

fn page(page: &Page, asked: &HeaderMap) -> Response<Body> {
    let gzip = accepts_gzip(asked);
    let text = if gzip { &page.gzip } else { &page.text };
    let length = text.len();
    let mut response = Response::new(Body::new(Full::from(text.clone())));
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    set(CONTENT_TYPE, page.content_type);
    set(VARY, "accept-encoding");
    if gzip {
        set(CONTENT_ENCODING, "gzip");
    }
    // Another version of the program has other texts.
    set(CACHE_CONTROL, "no-cache");
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'",
    );
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// As ModI has it, for the probe of PDND.
fn status(serves: bool) -> Response<Body> {
    let (status, title, detail) = match serves {
        true => (StatusCode::OK, "OK", "Il servizio risponde."),
        false => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Service Unavailable",
            "Il servizio al momento non risponde: riprovare più tardi.",
        ),
    };
    let problem = json!({"status": status.as_u16(), "title": title, "detail": detail});
    let mut response = Response::new(Body::new(Full::from(problem.to_string())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, problem::PROBLEM_JSON);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !serves {
        headers.insert(RETRY_AFTER, HeaderValue::from_static(AGAIN_AFTER));
    }
    response
}

impl<S> Layer<S> for PublicLayer {
    type Service = Public<S>;

    fn layer(&self, inner: S) -> Public<S> {
        let pages = self.clone();
        Public { inner, pages }
    }
}

/// A service, and what is public beside it.
#[derive(Debug, Clone)]
pub struct Public<S> {
    inner: S,
    pages: PublicLayer,
}

impl<S> Service<Request<Body>> for Public<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response<Body>, Infallible>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.pages.answer(&request) {
            Some(response) => Either::Left(ready(Ok(response))),
            None => Either::Right(self.inner.call(request)),
        }
    }
}
