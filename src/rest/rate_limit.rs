//! What is left of a quota, as headers (ModI).

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::call_record::QuotaLeft;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Calls, calls that are left, and the seconds until there are all of them again.
pub(super) fn tell(quota: QuotaLeft, headers: &mut HeaderMap) {
    headers.insert(LIMIT, HeaderValue::from(quota.limit));
    headers.insert(REMAINING, HeaderValue::from(quota.remaining));
    // In whole seconds; a part of one is one.
    let seconds = quota.reset.as_millis().div_ceil(1000);
    let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
    headers.insert(RESET, HeaderValue::from(seconds));
}
