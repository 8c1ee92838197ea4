//! Requests of HTTP/1.1 that are refused before they are calls: those of which a proxy in front may have read something else.
//!
//! hyper refuses what cannot be read at all. What is here can be read, in more than one way (RFC 9112, 3.2 and 6.1): whose host it is for,
//! or where its body ends. The answer has no body, like hyper's own, and ends the connection: what follows may be no request.
//!
//! | | |
//! | --- | --- |
//! | a transfer coding besides `chunked`, or `chunked` twice | 501 |
//! | no `Host`, two, or one that is none; a target with a user or with another scheme | 400 |

use http::{
    HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, Version,
    header::{CONNECTION, HOST, TRANSFER_ENCODING},
    uri::{Authority, Scheme},
};
use tonic::body::Body;

/// The answer, where the request is refused.
pub(super) fn refusal<B>(request: &Request<B>) -> Option<Response<Body>> {
    let status = if !is_chunked_or_plain(request.headers()) {
        StatusCode::NOT_IMPLEMENTED
    } else if !has_host(request) || !is_of_the_web(request.uri()) {
        StatusCode::BAD_REQUEST
    } else {
        return None;
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    Some(response)
}

fn is_chunked_or_plain(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let first = codings.next();
    let chunked = first.is_none_or(|first| first.as_bytes().eq_ignore_ascii_case(b"chunked"));
    chunked && codings.next().is_none()
}

fn has_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => is_host(host.as_bytes()),
        // HTTP/1.0 need not say it.
        (None, _) => request.version() < Version::HTTP_11,
        _ => false,
    }
}

/// A name or an address, and perhaps a port. A list of two, which a proxy may make of two lines, is none.
fn is_host(host: &[u8]) -> bool {
    let known = |b: &u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(b);
    let Ok(authority) = Authority::try_from(host) else {
        return false;
    };
    let name = authority.host();
    let port = authority.as_str().strip_prefix(name);
    let port = port.map(|rest| rest.strip_prefix(':').unwrap_or(rest));
    let digits = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    !name.is_empty() && host.iter().all(known) && port.is_some_and(digits)
}

/// A path alone, or a whole URL of ours.
fn is_of_the_web(target: &Uri) -> bool {
    let known = |scheme: &Scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS;
    let authority = target.authority().map_or("", Authority::as_str);
    target.scheme().is_none_or(known) && !authority.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(request: http::request::Builder) -> Option<u16> {
        let refused = refusal(&request.body(()).unwrap())?;
        assert_eq!(refused.headers()["connection"], "close");
        Some(refused.status().as_u16())
    }

    #[test]
    fn one_host_in_each_request_of_http_1_1() {
        for good in [
            "a",
            "a.b",
            "a_b:1",
            "a:",
            "127.0.0.1:50051",
            "[::1]",
            "[::1]:443",
        ] {
            assert_eq!(status(Request::get("/").header(HOST, good)), None, "{good}");
        }
        for bad in [
            "", "a b", "a/b", "u@a", "u:p@a", "a:b", "a:1:2", "http://a", "a,b", ":1", "[::1",
            "\u{e0}",
        ] {
            let request = Request::get("/").header(HOST, bad);
            assert_eq!(status(request), Some(400), "{bad:?}");
        }
        assert_eq!(status(Request::get("/")), Some(400));
        let twice = || Request::get("/").header(HOST, "a").header(HOST, "a");
        assert_eq!(status(twice()), Some(400));
        let old = Version::HTTP_10;
        assert_eq!(status(Request::get("/").version(old)), None);
        assert_eq!(status(twice().version(old)), Some(400));
    }

    #[test]
    fn one_transfer_coding_that_is_known() {
        let with = |codings: &[&str]| {
            let request = Request::post("/").header(HOST, "a");
            let request = codings
                .iter()
                .fold(request, |request, c| request.header(TRANSFER_ENCODING, *c));
            status(request)
        };
        assert_eq!(with(&[]), None);
        assert_eq!(with(&["chunked"]), None);
        assert_eq!(with(&["Chunked"]), None);
        for bad in [
            &["identity, chunked"][..],
            &["gzip, chunked"],
            &["chunked, chunked"],
            &[", chunked"],
            &["xchunked"],
            &["chunked", "chunked"],
            &["x", "chunked"],
            &[""],
        ] {
            assert_eq!(with(bad), Some(501), "{bad:?}");
        }
    }

    #[test]
    fn a_target_is_a_path_or_a_url_of_the_web() {
        for (target, expected) in [
            ("/", None),
            ("http://b/", None),
            ("https://b:1/v1/accesso", None),
            ("ftp://b/", Some(400)),
            ("http://u@b/", Some(400)),
            ("https://u:p@b/", Some(400)),
        ] {
            let request = Request::get(target).header(HOST, "a");
            assert_eq!(status(request), expected, "{target}");
        }
    }
}
