//! A refusal as `application/problem+json` (RFC 9457).

use http::{
    HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde::Serialize;
use tonic::{Status, body::Body};
use tonic_types::{FieldViolation, StatusExt as _};

use super::{
    refusal::{NoAnswer, Refusal},
    table::Resource,
};
use crate::contract::{http_status::http_status, proto::ErrorReason};

pub(super) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What a caller is told.
#[derive(Debug, Serialize)]
struct Problem {
    status: u16,
    title: &'static str,
    /// In Italian, for the end user.
    detail: String,
    /// For programs.
    reason: String,
    /// All that is wrong at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ProblemField>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
}

/// A field that is wrong.
#[derive(Debug, Serialize)]
struct ProblemField {
    /// The parameter, or the place in the body.
    field: String,
    detail: String,
}

/// What a caller is told where there is no answer.
pub(super) fn response(
    no_answer: NoAnswer,
    resource: Option<&Resource>,
    trace_id: Option<String>,
) -> Response<Body> {
    match no_answer {
        NoAnswer::Call(failed) => problem(&failed, resource, trace_id, None),
        NoAnswer::Request(refusal) => {
            let Refusal {
                error,
                status,
                headers,
            } = *refusal;
            let mut response = problem(&error.into(), resource, trace_id, status);
            response.headers_mut().extend(headers);
            response
        }
    }
}

/// The reason that a status tells.
pub(super) fn reason(failed: &Status) -> Option<ErrorReason> {
    let details = failed.get_details_error_info();
    details.and_then(|info| ErrorReason::from_str_name(&info.reason))
}

fn problem(
    failed: &Status,
    resource: Option<&Resource>,
    trace_id: Option<String>,
    status: Option<StatusCode>,
) -> Response<Body> {
    let details = failed.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone());
    let known = reason.as_deref().and_then(ErrorReason::from_str_name);
    let status = status.unwrap_or_else(|| http_status(known.unwrap_or_default()));
    let text = details.localized_message().map(|text| text.message.clone());
    let text = text.unwrap_or_default();
    let (detail, told) = text.split_once('\n').unwrap_or((&text, ""));
    let bad = details.bad_request().map(|bad| &bad.field_violations[..]);
    let problem_fields = problem_fields(bad.unwrap_or_default(), told, resource);
    let problem = Problem {
        status: status.as_u16(),
        title: status.canonical_reason().unwrap_or_default(),
        detail: detail.to_owned(),
        reason: reason.unwrap_or_else(|| ErrorReason::Internal.as_str_name().to_owned()),
        errors: problem_fields,
        trace_id,
    };
    let mut response = answer(status, &problem);
    let headers = response.headers_mut();
    if let Some(delay) = details.retry_info().and_then(|retry| retry.retry_delay) {
        // In whole seconds; a part of one is one.
        let seconds = delay.as_millis().div_ceil(1000).max(1);
        headers.insert(
            RETRY_AFTER,
            HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX)),
        );
    }
    if status == StatusCode::UNAUTHORIZED {
        challenge(headers, known.unwrap_or_default());
    }
    response
}

/// Every violation with what is told of it: `told` has a line for each, "place: text", in their order.
fn problem_fields(
    bad: &[FieldViolation],
    told: &str,
    resource: Option<&Resource>,
) -> Vec<ProblemField> {
    let mut told = told;
    let mut fields = Vec::new();
    for (n, violation) in bad.iter().enumerate() {
        let own = told.strip_prefix(&format!("{}: ", violation.field));
        let own = own.unwrap_or(told);
        // The name of a parameter that there is not is the caller's: a line may break in it.
        let next = bad.get(n + 1).map(|next| format!("\n{}: ", next.field));
        let end = next.and_then(|next| own.find(&next));
        let (detail, rest) = own.split_at(end.unwrap_or(own.len()));
        told = rest.strip_prefix('\n').unwrap_or(rest);
        fields.extend(
            as_asked(&violation.field, resource)
                .into_iter()
                .map(|field| ProblemField {
                    field,
                    detail: detail.to_owned(),
                }),
        );
    }
    fields
}

/// The place of a field as the caller wrote it: in a query a parameter has its own name alone, and a message is all of its parameters.
fn as_asked(place: &str, resource: Option<&Resource>) -> Vec<String> {
    // "filtro.normativa[0]": of a list, which.
    let (field, index) = place.split_at(place.find('[').unwrap_or(place.len()));
    let inside = format!("{field}.");
    let parameters = resource.into_iter().flat_map(|one| &one.parameters);
    let names: Vec<String> = parameters
        .filter(|parameter| {
            let place = parameter.place();
            place == field || place.starts_with(&inside)
        })
        .map(|parameter| format!("{}{index}", parameter.name))
        .collect();
    match names.is_empty() {
        true => vec![place.to_owned()],
        false => names,
    }
}

/// How one may come in (RFC 6750, RFC 9449).
fn challenge(headers: &mut http::HeaderMap, reason: ErrorReason) {
    use ErrorReason as R;
    let (bearer, dpop) = match reason {
        R::TokenMissing => ("Bearer", "DPoP algs=\"ES256 RS256\""),
        R::ProofInvalid | R::ProofReplayed => (
            "Bearer",
            "DPoP error=\"invalid_dpop_proof\", algs=\"ES256 RS256\"",
        ),
        _ => (
            "Bearer error=\"invalid_token\"",
            "DPoP error=\"invalid_token\", algs=\"ES256 RS256\"",
        ),
    };
    for challenge in [bearer, dpop] {
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
}

fn answer(status: StatusCode, problem: &Problem) -> Response<Body> {
    // Texts and numbers: it is always JSON.
    let json = serde_json::to_vec(problem).unwrap_or_default();
    let length = json.len();
    let mut response = Response::new(Body::new(http_body_util::Full::from(json)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(CONTENT_TYPE, PROBLEM_JSON);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
