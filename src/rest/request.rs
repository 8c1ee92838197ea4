//! What a resource is asked, as the request of its call.

use std::collections::{HashMap, HashSet};

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{
    HeaderMap,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use prost_reflect::{DeserializeOptions, DynamicMessage};
use serde::de::IgnoredAny;

use super::{table::Resource, template::PathValue};
use crate::{
    error::{Error, Reason, Result, Violations},
    valori::ValueDefect,
};

const NO_PARAMETER: ValueDefect = ValueDefect::new(
    "is no parameter of this resource",
    "non è un parametro di questa risorsa",
);
const TWICE: ValueDefect = ValueDefect::new("is there twice", "è indicato più di una volta");
const NOT_IN_THE_BODY: ValueDefect = ValueDefect::new(
    "is said by the path or by Range, and must not be in the body",
    "è indicato dal percorso o da Range e non deve essere nel corpo",
);

/// The request of the call. All that is wrong with path and query is told at once, under the names of the parameters.
///
/// # Errors
/// [`Reason::InvalidRequest`]; [`Reason::MessageMalformed`]: the body is no JSON of the request.
pub(super) fn message(
    resource: &Resource,
    path: &[PathValue<'_>],
    query: &str,
    body: Option<&[u8]>,
) -> Result<DynamicMessage> {
    let input = resource.call.input();
    let mut request = match body {
        Some(body) => from_json(resource, body)?,
        None => DynamicMessage::new(input),
    };
    let mut violations = Violations::default();
    if let Some(body) = body {
        let members = members(body)?;
        for name in resource.elsewhere().filter(|name| members.contains(*name)) {
            violations.check::<()>(name, Err(NOT_IN_THE_BODY));
        }
    }
    for (name, value) in path {
        let put = match resource.parameter(name) {
            Some(parameter) => parameter.put(&mut request, value),
            None => Err(NO_PARAMETER),
        };
        violations.check(name, put);
    }
    let mut seen: HashSet<String> = path.iter().map(|(name, _)| (*name).to_owned()).collect();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let put = match resource.parameter(&name) {
            // With a body the path alone has parameters.
            Some(parameter) if !resource.has_body => {
                if !seen.insert(name.to_string()) && !parameter.is_list() {
                    Err(TWICE)
                } else {
                    parameter.put(&mut request, &value)
                }
            }
            _ => Err(NO_PARAMETER),
        };
        violations.check(&name, put);
    }
    violations.finish()?;
    Ok(request)
}

/// By the JSON form of protobuf. What it does not know is an error: a filter that is misspelt would select everything.
fn from_json(resource: &Resource, body: &[u8]) -> Result<DynamicMessage> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let input = resource.call.input();
    let request = DynamicMessage::deserialize_with_options(input, &mut json, &options);
    let request = request.map_err(malformed)?;
    json.end().map_err(malformed)?;
    Ok(request)
}

/// The names in a body, whatever they say: one that says nothing is no field of the message.
fn members(body: &[u8]) -> Result<HashSet<String>> {
    let members: HashMap<String, IgnoredAny> = serde_json::from_slice(body).map_err(malformed)?;
    Ok(members.into_keys().collect())
}

fn malformed(error: serde_json::Error) -> Error {
    Error::new(
        Reason::MessageMalformed,
        format!("the body is not the JSON of this request: {error}"),
    )
}

/// The message as gRPC frames it.
pub(super) fn frame(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(message.len() + 5);
    frame.put_u8(0);
    // A request is far below four gigabytes.
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(message);
    frame.freeze()
}

/// Whether a body is said to be JSON, in UTF-8.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else {
        return false;
    };
    let Ok(value) = value.to_str() else {
        return false;
    };
    let (media, parameters) = value.split_once(';').unwrap_or((value, ""));
    let parameters = parameters.trim();
    media.trim().eq_ignore_ascii_case("application/json")
        && (parameters.is_empty() || parameters.eq_ignore_ascii_case("charset=utf-8"))
}

/// Whether a body is said to be compressed.
pub(super) fn is_compressed(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}
