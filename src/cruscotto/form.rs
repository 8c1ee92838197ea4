//! A form that a browser has sent, and whether a page of ours has asked for it.

use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::{StatusCode, header::CONTENT_TYPE, request::Parts};
use http_body_util::{BodyExt as _, Limited};
use tokio::time::timeout;
use tonic::body::Body;

use super::{failure::PageFailure, query::Query};
use crate::abilitazione::sessions::BrowserSession;

/// The field of a form that proves that a page of ours has it.
pub(super) const TOKEN: &str = "modulo";
const FORM: &str = "application/x-www-form-urlencoded";
/// Far more than any of our forms.
const MAX_BYTES: usize = 16 * 1024;

/// What the form says.
///
/// # Errors
/// It is none, too long, too slow, or a page of another site has sent it.
pub(super) async fn read(
    parts: &Parts,
    body: Body,
    patience: Duration,
) -> Result<Query, PageFailure> {
    let headers = &parts.headers;
    // A browser that says where a form comes from says it truly (Fetch Metadata).
    let site = headers.get("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return Err(foreign());
    }
    let mut content_types = headers.get_all(CONTENT_TYPE).iter();
    let content_type = content_types.next().and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next());
    let is_form = media_type.is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case(FORM))
        && content_types.next().is_none();
    let bad = |status| PageFailure::new(status, "Il modulo inviato non è leggibile.");
    if !is_form {
        return Err(bad(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let read = timeout(patience, Limited::new(body, MAX_BYTES).collect()).await;
    let read = read.map_err(|_| bad(StatusCode::REQUEST_TIMEOUT))?;
    let bytes = read
        .map_err(|_| bad(StatusCode::PAYLOAD_TOO_LARGE))?
        .to_bytes();
    let text = std::str::from_utf8(&bytes).map_err(|_| bad(StatusCode::BAD_REQUEST))?;
    Ok(Query::parse(text))
}

/// Whether a page of this session has sent the form. In constant time.
///
/// # Errors
/// It was another page.
pub(super) fn check(form: &Query, session: &BrowserSession) -> Result<(), PageFailure> {
    let (sent, own) = (form.text(TOKEN), &session.form_token);
    verify_slices_are_equal(sent.as_bytes(), own.as_bytes()).map_err(|_| foreign())
}

/// A form that no page of ours has sent, or of a session that is over.
pub(super) fn foreign() -> PageFailure {
    PageFailure::new(
        StatusCode::FORBIDDEN,
        "Il modulo non è stato inviato da una pagina di questa sessione: aprila di nuovo e riprova.",
    )
}
