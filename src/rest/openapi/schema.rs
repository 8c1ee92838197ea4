//! The messages and enumerations of the contract as schemas, in the JSON form of protobuf.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use super::{
    comment::{Comments, without_code},
    limits,
};

/// Protobuf's own message of an instant: a text in JSON.
const TIMESTAMP: &str = "google.protobuf.Timestamp";

/// The schemas that operations refer to.
#[derive(Debug)]
pub(super) struct Schemas<'a> {
    comments: &'a Comments,
    /// Those that are made.
    made: BTreeMap<String, Value>,
    /// Messages that a caller may send, which need not have all their fields.
    sent: BTreeSet<String>,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(comments: &'a Comments) -> Self {
        Self {
            comments,
            made: BTreeMap::new(),
            sent: BTreeSet::new(),
        }
    }

    /// A reference to an answer, or to a part of one.
    pub(super) fn answer(&mut self, message: &MessageDescriptor) -> Value {
        self.message(message, &[])
    }

    /// A reference to a body: the message without the fields that are in the path.
    pub(super) fn body(&mut self, message: &MessageDescriptor, in_path: &[&str]) -> Value {
        self.note_sent(message);
        self.message(message, in_path)
    }

    fn note_sent(&mut self, message: &MessageDescriptor) {
        if self.sent.insert(message.name().to_owned()) {
            for field in message.fields() {
                if let Kind::Message(inner) = field.kind() {
                    self.note_sent(&inner);
                }
            }
        }
    }

    fn message(&mut self, message: &MessageDescriptor, without: &[&str]) -> Value {
        let name = message.name().to_owned();
        if !self.made.contains_key(&name) {
            // A message that holds itself finds its name taken.
            self.made.insert(name.clone(), Value::Null);
            let mut properties = Map::new();
            let mut always = Vec::new();
            for field in message.fields().filter(|f| !without.contains(&f.name())) {
                if !field.supports_presence() {
                    always.push(json!(field.name()));
                }
                properties.insert(field.name().to_owned(), self.field(&field));
            }
            let mut schema = json!({
                "type": "object",
                "description": self.comments.of_message(message),
            });
            if !properties.is_empty() {
                schema["properties"] = Value::Object(properties);
            }
            if !always.is_empty() {
                schema["required"] = Value::Array(always);
            }
            self.made.insert(name.clone(), schema);
        }
        reference(&name)
    }

    /// A field, with what its comment says.
    fn field(&mut self, field: &FieldDescriptor) -> Value {
        let comment = self.comments.of_field(field);
        let value = self.value(field, &comment);
        let mut schema = match field.is_list() {
            true => json!({
                "type": "array",
                "items": value,
                "maxItems": limits::items(field.name(), &comment),
            }),
            // Beside a reference nothing counts.
            false if value.get("$ref").is_some() => json!({"allOf": [value]}),
            false => value,
        };
        schema["description"] = json!(comment);
        schema
    }

    fn value(&mut self, field: &FieldDescriptor, comment: &str) -> Value {
        match field.kind() {
            Kind::Message(message) if message.full_name() == TIMESTAMP => {
                json!({"type": "string", "format": "date-time", "maxLength": 40})
            }
            Kind::Message(message) => self.message(&message, &[]),
            Kind::Enum(names) => self.enumeration(&names),
            // In JSON a number of 64 bits is a text.
            Kind::Int64 | Kind::Sint64 | Kind::Uint64 => json!({
                "type": "string", "format": "int64", "pattern": "^-?[0-9]+$", "maxLength": 20,
            }),
            kind => scalar(&kind, field.name(), comment, Place::Body),
        }
    }

    /// A reference to an enumeration.
    pub(super) fn enumeration(&mut self, names: &EnumDescriptor) -> Value {
        let mut description = self.comments.of_enum(names);
        for value in names.values() {
            let told = self.comments.of_value(&value);
            let told = without_code(&told);
            description += &format!("\n\n- `{}`: {told}", value.name());
        }
        let values: Vec<Value> = names.values().map(|value| json!(value.name())).collect();
        let schema = json!({"type": "string", "enum": values, "description": description});
        self.made.insert(names.name().to_owned(), schema);
        reference(names.name())
    }

    /// One that no message is.
    pub(super) fn add(&mut self, name: &str, schema: Value) -> Value {
        self.made.insert(name.to_owned(), schema);
        reference(name)
    }

    /// All of them.
    pub(super) fn finish(mut self) -> Value {
        for name in &self.sent {
            if let Some(Value::Object(schema)) = self.made.get_mut(name) {
                schema.remove("required");
                // A field that there is not is refused.
                schema.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        self.made.into_iter().collect()
    }
}

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a URL, where what is not said is left out.
    Url,
    /// In JSON, where a field that says nothing is there and empty.
    Body,
}

/// A value of a scalar type.
pub(super) fn scalar(kind: &Kind, name: &str, comment: &str, place: Place) -> Value {
    match kind {
        Kind::Bool => json!({"type": "boolean"}),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            let (least, most) = limits::number(name);
            json!({"type": "integer", "format": "int32", "minimum": least, "maximum": most})
        }
        Kind::Uint32 | Kind::Fixed32 => {
            json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": u32::MAX})
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => {
            json!({"type": "integer", "format": "int64", "minimum": 0})
        }
        _ => text(name, comment, place),
    }
}

fn text(name: &str, comment: &str, place: Place) -> Value {
    let mut schema = json!({"type": "string"});
    if let Some((least, most)) = limits::characters(comment) {
        schema["minLength"] = json!(least);
        schema["maxLength"] = json!(most);
        return schema;
    }
    let Some(form) = limits::text(name) else {
        return schema;
    };
    schema["maxLength"] = json!(form.longest);
    if place == Place::Url && limits::is_day(name) {
        schema["format"] = json!("date");
    } else if let Some(pattern) = form.pattern {
        let pattern = match place {
            Place::Url => format!("^{pattern}$"),
            Place::Body => format!("^({pattern})?$"),
        };
        schema["pattern"] = json!(pattern);
    }
    schema
}

/// A reference to a schema.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}
