//! Refusals: a response for each status, with the reasons that have it.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use prost_reflect::{DescriptorPool, EnumDescriptor};
use serde_json::{Value, json};

use super::{
    comment::{Comments, without_code},
    example, header, schema,
};
use crate::{
    contract::{
        http_status::http_status,
        proto::{ErrorReason as R, PACKAGE},
    },
    rest::table::Resource,
};

const PREFIX: &str = "ERROR_REASON_";

/// What only gRPC has.
const OF_GRPC: [R; 7] = [
    R::Unspecified,
    R::NotGrpc,
    R::EncodingUnsupported,
    R::MessageCount,
    R::CompressedFlagInvalid,
    R::FlightSqlUnsupported,
    R::TooManyStreams,
];

/// What any resource may answer, and what one with a body and a file may besides.
const ALWAYS: [u16; 7] = [400, 401, 403, 406, 429, 500, 503];
const WITH_BODY: [u16; 3] = [408, 413, 415];
const OF_A_FILE: [u16; 1] = [416];
/// The status of a key that stands for another request: of what may have a key.
pub(super) const KEY_REUSED: u16 = 422;

/// The reasons of the contract.
pub(super) fn reasons(pool: &DescriptorPool) -> Option<EnumDescriptor> {
    pool.get_enum_by_name(&format!("{PACKAGE}.ErrorReason"))
}

/// The statuses with which a call may be refused: those of the reasons that its comments name.
pub(super) fn statuses(resource: &Resource, comments: &Comments) -> BTreeSet<u16> {
    let (call, has_body) = (&resource.call, resource.has_body);
    let mut all = BTreeSet::from(ALWAYS);
    if has_body {
        all.extend(WITH_BODY);
    }
    if resource.is_file() {
        all.extend(OF_A_FILE);
    }
    let text = comments.of_errors(call);
    let names = text.split(|c: char| !c.is_ascii_uppercase() && c != '_' && !c.is_ascii_digit());
    let named = names.filter_map(R::from_str_name);
    let named = named.filter(|reason| !OF_GRPC.contains(reason));
    all.extend(named.map(|reason| http_status(reason).as_u16()));
    // Without a body nothing is too large.
    if !has_body {
        all.remove(&413);
    }
    all
}

/// A reference to the response of a status.
pub(super) fn reference(status: u16) -> Value {
    json!({"$ref": format!("#/components/responses/{}", name(status))})
}

fn name(status: u16) -> String {
    let known = StatusCode::from_u16(status).ok();
    let reason = known.and_then(|known| known.canonical_reason());
    reason.unwrap_or_default().replace(' ', "")
}

/// The responses, for `components`.
pub(super) fn responses(pool: &DescriptorPool, comments: &Comments) -> Value {
    let mut told: BTreeMap<u16, String> = BTreeMap::new();
    told.insert(
        406,
        "The `accept` of the request takes no media type of this resource.".to_owned(),
    );
    told.insert(408, "The body did not come in time.".to_owned());
    told.insert(415, "The body is not `application/json`.".to_owned());
    told.insert(416, "The range is beyond the end of the file.".to_owned());
    for value in reasons(pool).iter().flat_map(EnumDescriptor::values) {
        let Ok(reason) = R::try_from(value.number()) else {
            continue;
        };
        if OF_GRPC.contains(&reason) {
            continue;
        }
        let comment = comments.of_value(&value);
        let line = format!("- `{}`: {}", value.name(), without_code(&comment));
        let text = told.entry(http_status(reason).as_u16()).or_default();
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line);
    }
    let responses = told.into_iter().map(|(status, description)| {
        let mut content = json!({"schema": schema::reference("Problem")});
        if let Some(example) = example::of_problem(status) {
            content["example"] = example;
        }
        let mut response = json!({
            "description": description,
            "content": {"application/problem+json": content},
        });
        let headers = header::of(status, &[]);
        if headers
            .as_object()
            .is_some_and(|headers| !headers.is_empty())
        {
            response["headers"] = headers;
        }
        (name(status), response)
    });
    Value::Object(responses.collect())
}

/// The schema of a refusal.
pub(super) fn problem(reason: Value) -> Value {
    json!({
        "type": "object",
        "description": "A refusal (RFC 9457).",
        "required": ["status", "title", "detail"],
        "properties": {
            "status": {
                "type": "integer", "format": "int32", "minimum": 100, "maximum": 599,
                "description": "The status of HTTP.",
            },
            "title": {"type": "string", "maxLength": 100, "description": "What the status is called."},
            "detail": {"type": "string", "maxLength": 4000, "description": "In Italian, for the end user."},
            "reason": {"allOf": [reason], "description": format!("For programs: it stays the same, the texts do not. It begins with `{PREFIX}`.")},
            "errors": {
                "type": "array", "maxItems": 1000,
                "description": "All that is wrong at once. Absent where no field is.",
                "items": {
                    "type": "object",
                    "description": "A field that is wrong.",
                    "required": ["field", "detail"],
                    "properties": {
                        "field": {"type": "string", "maxLength": 1000, "description": "The parameter, or the place in the body."},
                        "detail": {"type": "string", "maxLength": 4000, "description": "What is wrong with it, in Italian."},
                    },
                },
            },
            "trace_id": {
                "type": "string", "maxLength": 64,
                "description": "The trace that the record of the call has. Absent where no call was made.",
            },
        },
    })
}
