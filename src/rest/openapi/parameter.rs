//! Parameters of a resource: fields of the request, and the headers that say who calls.

use prost_reflect::Kind;
use serde_json::{Value, json};

use super::{
    comment::{Comments, is_required},
    example, limits,
    schema::{Place, Schemas, scalar},
};
use crate::rest::{parameter::Parameter, table::Resource};

/// Headers that every call may have.
const OF_EVERY_CALL: [&str; 2] = ["DPoP", "Agid-JWT-TrackingEvidence"];
/// Of what the caller may keep, and of a file.
pub(super) const OF_WHAT_IS_KEPT: &[&str] = &["If-None-Match"];
pub(super) const OF_A_FILE: &[&str] = &["If-None-Match", "Range", "If-Range"];
/// A string of RFC 9651, or its characters alone.
const KEY: &str = r#"^("[!#-\[\]-~]{1,255}"|[!#-\[\]-~]{1,255})$"#;
/// Of what changes something.
pub(super) const OF_A_STEP: &[&str] = &["Idempotency-Key"];

/// Those of a resource; `more`: further headers.
pub(super) fn parameters(
    resource: &Resource,
    more: &[&str],
    comments: &Comments,
    schemas: &mut Schemas<'_>,
) -> Vec<Value> {
    let in_path: Vec<&str> = resource.template.fields().collect();
    let fields = resource.parameters.iter();
    let mut all: Vec<Value> = fields
        .filter_map(|parameter| {
            let in_path = in_path.contains(&parameter.name.as_str());
            of_field(resource, parameter, in_path, comments, schemas)
        })
        .collect();
    let headers = OF_EVERY_CALL.iter().chain(more);
    all.extend(headers.map(|name| json!({"$ref": format!("#/components/parameters/{name}")})));
    all
}

fn of_field(
    resource: &Resource,
    parameter: &Parameter,
    in_path: bool,
    comments: &Comments,
    schemas: &mut Schemas<'_>,
) -> Option<Value> {
    let field = parameter.field()?;
    let name = &parameter.name;
    let comment = comments.of_field(field);
    let of_request = comments.of_message(&resource.call.input());
    let required = in_path || is_required(name, &comment, &of_request);
    let value = match field.kind() {
        Kind::Enum(names) if required => schemas.choice(&names),
        Kind::Enum(names) => schemas.enumeration(&names),
        kind => scalar(&kind, name, &comment, Place::Url, required),
    };
    let schema = match parameter.is_list() {
        true => json!({
            "type": "array",
            "items": value,
            "maxItems": limits::items(name, &comment),
        }),
        false => value,
    };
    let mut told = json!({
        "name": name,
        "in": if in_path { "path" } else { "query" },
        "required": required,
        "description": comment,
        "schema": schema,
    });
    if let Some(example) = example::of_parameter(name) {
        told["example"] = match parameter.is_list() {
            true => json!([example]),
            false => example,
        };
    }
    // A text that is empty says nothing, as in the contract.
    if !required && !parameter.is_list() && matches!(field.kind(), Kind::String) {
        told["allowEmptyValue"] = json!(true);
    }
    Some(told)
}

/// The headers, for `components`.
pub(super) fn components() -> Value {
    let header = |name: &str, longest: u32, description: &str| {
        json!({
            "name": name,
            "in": "header",
            "required": false,
            "description": description,
            "schema": {"type": "string", "maxLength": longest},
        })
    };
    let mut all = json!({
        "DPoP": header("DPoP", 8192, "The proof of possession (RFC 9449) of a voucher that is bound to a key: `htm` is the method, `htu` the URL without query. A new one for each call."),
        "Agid-JWT-TrackingEvidence": header("Agid-JWT-TrackingEvidence", 8192, "Who asks within the caller's ente (ModI AUDIT_REST_01 and AUDIT_REST_02), where the service demands it."),
        "If-None-Match": header("If-None-Match", 1000, "The `ETag` of an answer that was kept: where it still holds, the answer is 304."),
        "If-Range": header("If-Range", 255, "The `ETag` of the file that `Range` is a part of: where it is another by now, the whole file comes."),
        "Idempotency-Key": header("Idempotency-Key", 257, "Names the request: one that was not answered may be sent again with the same key, and is done once. 1 to 255 visible ASCII characters, with or without quotation marks."),
        "Range": header("Range", 100, "The part of the file that is wanted (RFC 9110): to go on where a download broke off."),
    });
    all["Idempotency-Key"]["schema"]["pattern"] = json!(KEY);
    all
}
