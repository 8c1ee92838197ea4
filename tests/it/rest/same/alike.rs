//! What comes back by REST beside what comes back by gRPC.

use omnia::contract::proto::{ErrorReason, PACKAGE};
use prost_reflect::{DynamicMessage, SerializeOptions, Value};
use serde_json::json;
use tonic::Status;

use super::{question::Question, spelling::SpeltQuestion, statuses::status_of, ways::HttpAnswer};
use crate::errors::contract_error;

/// What a resource gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GivenAs {
    OneMessage,
    Lines,
    File,
}

impl GivenAs {
    pub(super) fn of(asked: &Question) -> Self {
        let output = asked.call.output();
        let file = output.parent_pool();
        let file = file.get_extension_by_name(&format!("{PACKAGE}.file_di"));
        match asked.call.is_server_streaming() {
            false => Self::OneMessage,
            true if output.options().has_extension(&file.unwrap()) => Self::File,
            true => Self::Lines,
        }
    }
}

/// What record a request in HTTP leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeftRecord {
    /// That of the call.
    Same,
    /// One of its own, which says this: it was no call.
    Refused(ErrorReason),
}

/// Panics unless both are the same: an answer, or a refusal. `trace` is that of the request in HTTP.
pub(super) fn assert_alike(
    asked: &Question,
    spelt: &SpeltQuestion,
    by_grpc: &Result<Vec<DynamicMessage>, Status>,
    by_http: &HttpAnswer,
    trace: u128,
) -> LeftRecord {
    if spelt.elsewhere {
        let (status, reason, fields) = by_http.text().problem();
        assert_eq!((status, reason.as_str()), (404, "CALL_UNKNOWN"));
        assert_eq!(fields, [""; 0]);
        return LeftRecord::Refused(ErrorReason::CallUnknown);
    }
    // Who may not make the call is told that, and not what is wrong with it.
    let turned_away = by_grpc.as_ref().err().is_some_and(|refused| {
        use ErrorReason::{CallDenied, GrantMissing, TokenMissing};
        [TokenMissing, GrantMissing, CallDenied].contains(&contract_error(refused).reason)
    });
    if !spelt.unspeakable.is_empty() && !turned_away {
        let (status, reason, fields) = by_http.text().problem();
        assert_eq!((status, reason.as_str()), (400, "INVALID_REQUEST"));
        assert_eq!(fields, spelt.unspeakable);
        return LeftRecord::Refused(ErrorReason::InvalidRequest);
    }
    match by_grpc {
        Err(refused) => same_refusal(asked, spelt, refused, by_http, trace),
        Ok(messages) => match GivenAs::of(asked) {
            GivenAs::OneMessage => {
                let [message] = &messages[..] else {
                    panic!("{} messages", messages.len());
                };
                assert_eq!(by_http.text().ok(), json_of(message));
            }
            GivenAs::Lines => same_lines(messages, by_http),
            GivenAs::File => same_file(messages, spelt.from, by_http),
        },
    }
    LeftRecord::Same
}

/// The reason, its status, all that is wrong under the caller's names, and the words for the end user.
fn same_refusal(
    asked: &Question,
    spelt: &SpeltQuestion,
    refused: &Status,
    by_http: &HttpAnswer,
    trace: u128,
) {
    let refused = contract_error(refused);
    let answer = by_http.text();
    let (status, reason, fields) = answer.problem();
    let expected = refused.reason.as_str_name();
    assert_eq!(format!("ERROR_REASON_{reason}"), expected, "{answer:?}");
    assert_eq!(status, status_of(refused.reason), "{answer:?}");
    let input = asked.call.input();
    let places = refused.violations.iter();
    let places: Vec<String> = places
        .flat_map(|place| spelt.spelling.places(&input, place))
        .collect();
    assert_eq!(fields, places, "{answer:?}");
    let problem = answer.json();
    let mut italian = refused.italian.lines();
    assert_eq!(problem["detail"].as_str(), italian.next());
    for error in problem["errors"].as_array().into_iter().flatten() {
        let detail = error["detail"].as_str().unwrap();
        let mut told = refused.italian.lines().skip(1);
        assert!(told.any(|line| line.ends_with(detail)), "{detail}");
    }
    assert_eq!(problem["trace_id"], format!("{trace:032x}"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let has = |name: &str| answer.headers.contains_key(name);
    assert_eq!(has("retry-after"), refused.retry.is_some());
    assert_eq!(has("www-authenticate"), status == 401);
    assert_ne!(refused.reason, ErrorReason::Internal);
}

/// A message in the JSON form of protobuf, with the names of the contract.
pub(super) fn json_of(message: &DynamicMessage) -> serde_json::Value {
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .skip_default_fields(false);
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .unwrap()
}

/// The one part that each message of a stream is, by its name.
fn parts(messages: &[DynamicMessage]) -> impl Iterator<Item = (String, &DynamicMessage)> {
    messages.iter().map(|message| {
        let mut parts = message.fields();
        let (field, part) = parts.next().unwrap();
        assert!(parts.next().is_none());
        (field.name().to_owned(), part.as_message().unwrap())
    })
}

fn same_lines(messages: &[DynamicMessage], by_http: &HttpAnswer) {
    let mut expected = Vec::new();
    for (name, part) in parts(messages) {
        if name != "lotto" {
            expected.push(json!({ name: json_of(part) }));
            continue;
        }
        for (_, value) in part.fields() {
            match value {
                Value::List(rows) => {
                    let rows = rows.iter().filter_map(Value::as_message);
                    expected.extend(rows.map(|row| json!({ "riga": json_of(row) })));
                }
                token => expected.push(json!({ "resume_token": token.as_str().unwrap() })),
            }
        }
    }
    let answer = by_http.text();
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let lines = answer.text.lines().map(serde_json::from_str);
    let lines: Vec<serde_json::Value> = lines.collect::<Result<_, _>>().unwrap();
    assert_eq!(lines, expected);
}

/// What the pieces of a file are together; then its name and type.
fn same_file(messages: &[DynamicMessage], from: u64, by_http: &HttpAnswer) {
    let mut bytes = Vec::new();
    let mut described = [String::new(), String::new()];
    for (name, part) in parts(messages) {
        let get = |name: &str| part.get_field_by_name(name).unwrap().into_owned();
        match name.as_str() {
            "intestazione" => {
                described = ["nome", "tipo_contenuto"].map(|n| get(n).as_str().unwrap().to_owned());
            }
            "pezzo" => bytes.extend_from_slice(get("contenuto").as_bytes().unwrap()),
            _ => assert_eq!(get("dimensione").as_i64(), i64::try_from(bytes.len()).ok()),
        }
    }
    let [name, media_type] = described;
    let size = bytes.len();
    let header = |name: &str| by_http.headers.get(name).map(|v| v.to_str().unwrap());
    let wanted = usize::try_from(from).unwrap();
    if from > 0 && wanted >= size {
        assert_eq!(by_http.status, 416);
        let unsatisfied = format!("bytes */{size}");
        assert_eq!(header("content-range"), Some(unsatisfied.as_str()));
        return;
    }
    let partial = format!("bytes {from}-{}/{size}", size - 1);
    let (status, range) = match from {
        0 => (200, None),
        _ => (206, Some(partial.as_str())),
    };
    assert_eq!((by_http.status, header("content-range")), (status, range));
    assert!(by_http.bytes == bytes[wanted..], "other bytes of {name}");
    assert_eq!(header("content-type"), Some(media_type.as_str()));
    let disposition = format!("attachment; filename=\"{name}\"");
    assert_eq!(header("content-disposition"), Some(disposition.as_str()));
}
