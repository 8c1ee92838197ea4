//! Which media types and encodings a caller takes (RFC 9110, 12.5).

use http::{
    HeaderMap,
    header::{ACCEPT, ACCEPT_ENCODING},
};

/// Whether the caller takes a media type: one that says nothing takes all.
pub(super) fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let mut values = headers.get_all(ACCEPT).iter().peekable();
    if values.peek().is_none() {
        return true;
    }
    let (kind, _) = media_type.split_once('/').unwrap_or((media_type, ""));
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| {
            let mut parameters = range.split(';').map(str::trim);
            let range = parameters.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parameters.find_map(|parameter| parameter.strip_prefix("q="));
            let refused = weight.is_some_and(is_zero);
            let fits = range == "*/*" || range == media_type || range == format!("{kind}/*");
            fits && !refused
        })
}

/// Whether the caller takes gzip.
pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let mut parameters = coding.split(';').map(str::trim);
            let coding = parameters.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parameters.find_map(|parameter| parameter.strip_prefix("q="));
            let refused = weight.is_some_and(is_zero);
            (coding == "gzip" || coding == "*") && !refused
        })
}

/// "0", "0.0", "0.000": not this one.
fn is_zero(weight: &str) -> bool {
    weight.chars().all(|c| c == '0' || c == '.')
}
