//! A resource as an operation.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    comment::{Comments, first_sentence},
    error, example, general, header,
    parameter::{self, parameters},
    schema::Schemas,
    stream,
};
use crate::rest::table::Resource;

/// Of the parts of a stream, which in HTTP are lines or a file.
const PARTS: &str = ": one intestazione";

const OF_A_FILE: &str = "The body is the file. Ask for the rest of one that broke off with `Range`, and with its `ETag` as `If-Range`.";
const OF_LINES: &str = "The body is one JSON object a line: one `intestazione`, one `riga` for each row, one `resume_token` after each batch, one `chiusura`.";

/// What a resource is. `shared`: whether its path has another method.
pub(super) fn operation(
    resource: &Resource,
    shared: bool,
    comments: &Comments,
    schemas: &mut Schemas<'_>,
) -> Value {
    let call = &resource.call;
    let is_file = resource.is_file();
    let mut paragraphs = comments.of_call(call);
    let first = paragraphs.first().cloned().unwrap_or_default();
    let summary = first_sentence(&first)
        .split(PARTS)
        .next()
        .unwrap_or_default()
        .to_owned();
    if is_file {
        paragraphs = vec![format!("{summary}."), OF_A_FILE.to_owned()];
    } else if call.is_server_streaming() {
        paragraphs[0] = format!("{summary}.");
        paragraphs.insert(1, OF_LINES.to_owned());
    }
    paragraphs.push(format!("By gRPC it is `{}`.", resource.rpc));
    let id = operation_id(resource, shared);
    let statuses = error::statuses(resource, comments);
    let more = match (is_file, resource.is_kept) {
        (true, _) => parameter::OF_A_FILE,
        (false, true) => parameter::OF_WHAT_IS_KEPT,
        (false, false) if statuses.contains(&error::KEY_REUSED) => parameter::OF_A_STEP,
        (false, false) => &[],
    };
    let mut operation = json!({
        "operationId": id,
        "summary": summary,
        "description": paragraphs.join("\n\n"),
        "tags": [general::tag(call.parent_service())],
        "security": general::security(),
        "parameters": parameters(resource, more, comments, schemas),
        "responses": responses(resource, statuses, &id, schemas),
    });
    if resource.end_of_life.is_some() {
        operation["deprecated"] = json!(true);
    }
    if resource.has_body {
        let elsewhere: Vec<&str> = resource.elsewhere().collect();
        let mut content = json!({"schema": schemas.body(&call.input(), &elsewhere)});
        if let Some(example) = example::of_body(&id) {
            content["example"] = example;
        }
        operation["requestBody"] = json!({
            "required": true,
            "content": {"application/json": content},
        });
    }
    operation
}

fn responses(
    resource: &Resource,
    refusals: BTreeSet<u16>,
    id: &str,
    schemas: &mut Schemas<'_>,
) -> Value {
    let call = &resource.call;
    let is_file = resource.is_file();
    let mut responses = Map::new();
    let content = if is_file {
        stream::file()
    } else if call.is_server_streaming() {
        stream::lines(call, schemas)
    } else {
        let mut content = json!({"schema": schemas.answer(&call.output())});
        if let Some(example) = example::of_operation(id) {
            content["example"] = example;
        }
        json!({"application/json": content})
    };
    if is_file {
        let part = json!({
            "description": "The part of the file that was asked for.",
            "headers": header::of(206, header::PART),
            "content": content,
        });
        responses.insert("206".to_owned(), part);
    }
    let headers = match (is_file, resource.is_kept) {
        (true, _) => header::FILE,
        (false, true) => header::KEPT,
        (false, false) => &[],
    };
    if !headers.is_empty() {
        let unchanged = json!({
            "description": "It is still what `If-None-Match` names.",
            "headers": header::of(304, header::KEPT),
        });
        responses.insert("304".to_owned(), unchanged);
    }
    let whole = json!({
        "description": if is_file { "The file." } else { "The answer." },
        "headers": header::of(200, headers),
        "content": content,
    });
    responses.insert("200".to_owned(), whole);
    for status in refusals {
        responses.insert(status.to_string(), error::reference(status));
    }
    Value::Object(responses)
}

/// The fixed parts of the path; after them a field that it ends with, or the step that a collection takes by POST.
fn operation_id(resource: &Resource, shared: bool) -> String {
    let mut words: Vec<String> = Vec::new();
    let parts: Vec<&str> = resource.path.split('/').skip(2).collect();
    for (n, part) in parts.iter().enumerate() {
        match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
            Some(field) if n + 1 == parts.len() => words.push(field.to_owned()),
            Some(_) => {}
            None => words.push(part.replace('-', "_")),
        }
    }
    if shared && resource.method == http::Method::POST {
        words.push("nuova".to_owned());
    }
    words.join("_")
}
