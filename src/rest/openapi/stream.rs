//! What streams are: lines of JSON, or a file.

use prost_reflect::{Kind, MessageDescriptor, MethodDescriptor};
use serde_json::{Map, Value, json};

use super::schema::Schemas;

/// The media types of the files, in the order of FormatoFile.
const FILES: [&str; 3] = [
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.apache.parquet",
];

fn parts(stream: &MessageDescriptor) -> Vec<(String, MessageDescriptor)> {
    let parts = stream.fields().filter_map(|field| match field.kind() {
        Kind::Message(part) => Some((field.name().to_owned(), part)),
        _ => None,
    });
    parts.collect()
}

/// The contents of a file.
pub(super) fn file() -> Value {
    let binary = json!({"schema": {"type": "string", "format": "binary"}});
    let types = FILES.map(|media_type| (media_type.to_owned(), binary.clone()));
    Value::Object(Map::from_iter(types))
}

/// The contents of a stream of lines: one property each.
pub(super) fn lines(call: &MethodDescriptor, schemas: &mut Schemas<'_>) -> Value {
    let mut properties = Map::new();
    for (name, part) in parts(&call.output()) {
        let row = part.fields().find_map(|field| match field.kind() {
            Kind::Message(row) if field.is_list() => Some(row),
            _ => None,
        });
        match row {
            Some(row) => {
                properties.insert("riga".to_owned(), schemas.answer(&row));
                let token = json!({
                    "type": "string",
                    "maxLength": 512,
                    "description": "As the parameter `resume_token` it gives the rows that follow this line.",
                });
                properties.insert("resume_token".to_owned(), token);
            }
            None => {
                properties.insert(name, schemas.answer(&part));
            }
        }
    }
    let line = json!({
        "type": "object",
        "description": "One line: one of these. The first is `intestazione`, the last `chiusura`: a stream without it is broken.",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": properties,
    });
    let name = call.name().to_owned() + "Line";
    json!({"application/x-ndjson": {"schema": schemas.add(&name, line)}})
}
