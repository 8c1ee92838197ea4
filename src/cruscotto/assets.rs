//! The files that pages are made of besides their text.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Response,
    header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS},
};
use http_body_util::Full;
use tonic::body::Body;

use crate::rest::{accepts_gzip, zip};

/// A file, embedded by `build.rs`.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
}

/// The files, and their version: the URL has it, so that a browser may keep a file for ever.
const ALL: (&[Asset], &str) = include!(concat!(env!("OUT_DIR"), "/assets.rs"));
const ASSETS: &[Asset] = ALL.0;
const VERSION: &str = ALL.1;

/// Where a file is. An empty text where there is none of that name, which the tests of the pages would find.
pub(super) fn url(name: &str) -> String {
    let asset = ASSETS.iter().find(|asset| asset.name == name);
    asset.map_or_else(String::new, |Asset { name, .. }| {
        format!("/cruscotto/risorse/{VERSION}/{name}")
    })
}

/// A file, compressed once where that helps.
pub(super) fn response(version: &str, name: &str, asked: &HeaderMap) -> Option<Response<Body>> {
    let asset = ASSETS.iter().find(|asset| asset.name == name)?;
    if version != VERSION {
        return None;
    }
    let is_font = asset.media_type.starts_with("font/");
    let zipped = (!is_font && accepts_gzip(asked)).then(|| zipped(asset));
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    if zipped.is_some() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let bytes = zipped.unwrap_or(Bytes::from_static(asset.bytes));
    *response.body_mut() = Body::new(Full::from(bytes));
    Some(response)
}

/// Once for all: nobody makes the service compress without a session.
fn zipped(asset: &Asset) -> Bytes {
    static ZIPPED: OnceLock<Vec<Bytes>> = OnceLock::new();
    let all = ZIPPED.get_or_init(|| ASSETS.iter().map(|asset| zip(asset.bytes).into()).collect());
    let place = ASSETS.iter().position(|one| one.name == asset.name);
    place.and_then(|n| all.get(n).cloned()).unwrap_or_default()
}
