//! What every answer of the pages says to the browser.
//!
//! | header | so that |
//! | --- | --- |
//! | `Content-Security-Policy` | nothing runs and nothing is loaded but our own files; no other page shows ours in a frame; a form leads here |
//! | `Cache-Control: no-store` | a page is not left behind on a machine that several people use |
//! | `Referrer-Policy: same-origin` | no other site learns what was looked at |

use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION,
        REFERRER_POLICY, REFRESH, SET_COOKIE, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};
use http_body_util::{BodyExt as _, Full};
use tonic::body::Body;

use crate::rest::{accepts_gzip, zip};

const HTML: &str = "text/html; charset=utf-8";
const PLAIN: [(HeaderName, &str); 6] = [
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "same-origin"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// The policy of the pages.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
);

/// Says on any answer of the pages what all say.
pub(super) fn secure(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    for (name, value) in PLAIN {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    response
}

/// A page.
pub(super) fn html(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::new(Full::from(text)));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(HTML));
    response
}

/// A page, compressed where the browser takes that and says that no other site has asked for it.
///
/// What a caller sends stands in a page beside what is secret in it, so that the compressed length would tell a listener of the secret, if the
/// caller were a page of the listener's (BREACH). A browser says whether it is (Fetch Metadata); one that does not say gets it uncompressed.
pub(super) async fn zipped(response: Response<Body>, asked: &HeaderMap) -> Response<Body> {
    let site = asked.get("sec-fetch-site");
    let is_asked_here = site.is_some_and(|site| site == "same-origin" || site == "none");
    let content_type = response.headers().get(CONTENT_TYPE);
    let is_page = content_type.is_some_and(|value| value == HTML);
    if !is_page || !is_asked_here || !accepts_gzip(asked) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // It is in memory: reading it cannot fail.
    let text = body.collect().await.map(|body| body.to_bytes());
    let gzip = HeaderValue::from_static("gzip");
    parts.headers.insert(CONTENT_ENCODING, gzip);
    let vary = HeaderValue::from_static("accept-encoding, sec-fetch-site");
    parts.headers.insert(VARY, vary);
    let bytes = zip(&text.unwrap_or_default());
    Response::from_parts(parts, Body::new(Full::from(bytes)))
}

/// Sends a browser elsewhere, by GET.
pub(super) fn see_other(to: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    // Paths and URLs are ASCII; what is not leads to the first page.
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/cruscotto"));
    response.headers_mut().insert(LOCATION, to);
    response
}

/// Sends a browser to another host, by a page that goes on by itself. After a form, a redirect is held against the policy of the page that has
/// the form (`form-action`), and so is every further one: which hosts a provider sends people through, this service cannot know.
pub(super) fn elsewhere(text: String, to: &str) -> Response<Body> {
    let mut response = html(StatusCode::OK, text);
    // URLs are ASCII.
    if let Ok(refresh) = HeaderValue::from_str(&format!("0; url={to}")) {
        response.headers_mut().insert(REFRESH, refresh);
    }
    response
}

/// Lets a browser hold a cookie: of this host alone, by https alone, for no script, and not for forms of other sites. `None`: no more.
pub(super) fn set_cookie(
    mut response: Response<Body>,
    name: &str,
    value: Option<&str>,
) -> Response<Body> {
    let (value, end) = match value {
        Some(value) => (value, ""),
        None => ("", "; Max-Age=0"),
    };
    let cookie = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{end}");
    // Names and values of ours are base64 and points.
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
