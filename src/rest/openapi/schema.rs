//! The messages and enumerations of the contract as schemas, in the JSON form of protobuf.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use super::{
    comment::{Comments, is_required, without_code},
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

    /// A reference to a body, which was noted as one: the message without the fields that are said elsewhere.
    pub(super) fn body(&mut self, message: &MessageDescriptor, elsewhere: &[&str]) -> Value {
        self.message(message, elsewhere)
    }

    /// Notes that a message is sent, before any schema is made: what is sent and answered has one.
    pub(super) fn note_sent(&mut self, message: &MessageDescriptor) {
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
            let place = match self.sent.contains(&name) {
                true => Place::Request,
                false => Place::Answer,
            };
            let told = self.comments.of_message(message);
            let mut properties = Map::new();
            let mut always = Vec::new();
            for field in message.fields().filter(|f| !without.contains(&f.name())) {
                let comment = self.comments.of_field(&field);
                let required = match place {
                    Place::Answer => !field.supports_presence(),
                    _ => is_required(field.name(), &comment, &told),
                };
                if required {
                    always.push(json!(field.name()));
                }
                let schema = self.field(&field, comment, place, required);
                properties.insert(field.name().to_owned(), schema);
            }
            let mut schema = json!({"type": "object", "description": told});
            if let Some(both) = two_of_one(message) {
                schema["not"] = both;
            }
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
    fn field(
        &mut self,
        field: &FieldDescriptor,
        comment: String,
        place: Place,
        required: bool,
    ) -> Value {
        let value = self.value(field, &comment, place, required);
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

    fn value(
        &mut self,
        field: &FieldDescriptor,
        comment: &str,
        place: Place,
        required: bool,
    ) -> Value {
        let asked_for = required && place == Place::Request;
        match field.kind() {
            Kind::Message(message) if message.full_name() == TIMESTAMP => {
                json!({"type": "string", "format": "date-time", "maxLength": 40})
            }
            Kind::Message(message) => self.message(&message, &[]),
            Kind::Enum(names) if asked_for => self.choice(&names),
            Kind::Enum(names) => self.enumeration(&names),
            // In JSON a number of 64 bits is a text. A request counts from 0.
            Kind::Int64 | Kind::Sint64 | Kind::Uint64 if place == Place::Request => json!({
                "type": "string", "format": "int64", "pattern": "^[0-9]{1,18}$", "maxLength": 18,
            }),
            Kind::Int64 | Kind::Sint64 | Kind::Uint64 => json!({
                "type": "string", "format": "int64", "pattern": "^-?[0-9]+$", "maxLength": 20,
            }),
            // What is in a list says something.
            kind => {
                let says = asked_for || field.is_list();
                scalar(&kind, field.name(), comment, place, says)
            }
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

    /// One of the values that say something.
    pub(super) fn choice(&mut self, names: &EnumDescriptor) -> Value {
        let all = self.enumeration(names);
        let values = names.values().filter(|value| value.number() != 0);
        let values: Vec<Value> = values.map(|value| json!(value.name())).collect();
        json!({"allOf": [all], "enum": values})
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
                // A field that there is not is refused.
                schema.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        self.made.into_iter().collect()
    }
}

/// Two members of a oneof, which are never there together.
fn two_of_one(message: &MessageDescriptor) -> Option<Value> {
    let pairs = message
        .oneofs()
        .filter(|oneof| !oneof.is_synthetic())
        .flat_map(|oneof| {
            let names: Vec<String> = oneof.fields().map(|f| f.name().to_owned()).collect();
            let pairs = (0..names.len()).flat_map(|n| (n + 1..names.len()).map(move |m| (n, m)));
            let pairs = pairs.map(|(n, m)| json!({"required": [names[n], names[m]]}));
            pairs.collect::<Vec<_>>()
        });
    let mut pairs: Vec<Value> = pairs.collect();
    match pairs.len() {
        0 | 1 => pairs.pop(),
        _ => Some(json!({"anyOf": pairs})),
    }
}

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a URL, where what is not said is left out.
    Url,
    /// In JSON that is sent, where a field that says nothing may be there and empty.
    Request,
    /// In JSON that is answered, where it is there and empty, and a value may be masked.
    Answer,
}

/// A value of a scalar type. `says`: it cannot be empty.
pub(super) fn scalar(kind: &Kind, name: &str, comment: &str, place: Place, says: bool) -> Value {
    match kind {
        Kind::Bool => json!({"type": "boolean"}),
        // The service takes no number of 32 bits without a sign that one with a sign could not be.
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 | Kind::Uint32 | Kind::Fixed32 => {
            let (least, most) = limits::number(name);
            let least = least.max(says.into());
            json!({"type": "integer", "format": "int32", "minimum": least, "maximum": most})
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => {
            json!({"type": "integer", "format": "int64", "minimum": i64::from(says)})
        }
        _ => text(name, comment, place, says),
    }
}

fn text(name: &str, comment: &str, place: Place, says: bool) -> Value {
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
    let mask = match place {
        Place::Answer => limits::mask(name),
        _ => None,
    };
    if place == Place::Url && limits::is_day(name) {
        schema["format"] = json!("date");
    } else if let Some(pattern) = form.pattern {
        let pattern = match mask {
            Some(mask) => format!("{pattern}|{mask}"),
            None => pattern.to_owned(),
        };
        let pattern = match says || place == Place::Url {
            true if !pattern.contains('|') => format!("^{pattern}$"),
            true => format!("^({pattern})$"),
            false => format!("^({pattern})?$"),
        };
        schema["pattern"] = json!(pattern);
    } else if says {
        schema["minLength"] = json!(1);
    }
    schema
}

/// A reference to a schema.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}
