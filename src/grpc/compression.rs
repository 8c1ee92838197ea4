//! Which answers are compressed: those whose request was, in the same way.
//!
//! gRPC clients list in `grpc-accept-encoding` whatever their library could read, and most libraries list gzip without being asked:
//! to take that for a wish would slow down every export to what gzip can do. So the wish is the request's own
//! `grpc-encoding`, which a client sets where it wants compression (gRPC's "Compression" guide: a server answers with the
//! encoding of the request unless told otherwise):
//!
//! ```text
//! grpc-encoding: gzip    grpc-accept-encoding: identity,deflate,gzip    ──► gzip
//!                        grpc-accept-encoding: identity,deflate,gzip    ──► not compressed
//! ```

use http::{HeaderValue, Request};

const ENCODING: &str = "grpc-encoding";
const ACCEPT: &str = "grpc-accept-encoding";

/// Leaves of what the client accepts only what it has used itself.
pub fn as_the_request<B>(mut request: Request<B>) -> Request<B> {
    let headers = request.headers_mut();
    let asked = headers.get(ENCODING).and_then(|value| value.to_str().ok());
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let kept = asked.filter(|asked| {
        accepted.is_none_or(|list| list.split(',').any(|one| one.trim() == *asked))
    });
    // A value that was a header is one again.
    match kept.and_then(|kept| HeaderValue::from_str(kept).ok()) {
        Some(kept) => drop(headers.insert(ACCEPT, kept)),
        None => drop(headers.remove(ACCEPT)),
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_used_is_wished_for() {
        for (encoding, accepts, kept) in [
            (None, Some("identity,deflate,gzip"), None),
            (Some("gzip"), Some("identity, deflate, gzip"), Some("gzip")),
            (Some("zstd"), Some("zstd,identity"), Some("zstd")),
            (Some("gzip"), Some("identity"), None),
            // A client that sends an encoding can read it.
            (Some("gzip"), None, Some("gzip")),
            (None, None, None),
        ] {
            let mut request = Request::new(());
            let mut set = |name, value: Option<&'static str>| {
                if let Some(value) = value {
                    request
                        .headers_mut()
                        .insert(name, HeaderValue::from_static(value));
                }
            };
            set(ENCODING, encoding);
            set(ACCEPT, accepts);
            let request = as_the_request(request);
            let left = request.headers().get(ACCEPT).map(|v| v.to_str().unwrap());
            assert_eq!(left, kept, "{encoding:?} {accepts:?}");
        }
    }
}
