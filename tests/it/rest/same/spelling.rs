//! A question as a request in HTTP: by what the contract and docs/rest.md say of resources, and without the code that reads them.

use omnia::{
    contract::proto::{FILE_DESCRIPTOR_SET, PACKAGE},
    rest::RestTable,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use prost_reflect::{
    Cardinality, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _,
    SerializeOptions, Value,
};

use super::question::{Question, contract};

const OFFSET: &str = "offset";

/// A resource: how one call is spelt.
#[derive(Debug, Clone)]
pub(crate) struct Spelling {
    pub(crate) rpc: String,
    pub(super) method: String,
    path: String,
}

/// How much of what is not set is written all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wordiness {
    /// Nothing.
    Brief,
    /// All that a message which is there has no word for: `?rilevazione=0&normativa=…`.
    Full,
}

/// A request, ready to be sent.
#[derive(Debug)]
pub(crate) struct SpeltQuestion {
    pub(crate) spelling: Spelling,
    pub(super) target: String,
    pub(super) body: Option<String>,
    /// The first byte of a file that is wanted.
    pub(crate) from: u64,
    /// Parameters with a value that no URL has: whoever may make the call is told so, by name.
    pub(crate) unspeakable: Vec<String>,
    /// A part of the path is empty, and so it is another path.
    pub(crate) elsewhere: bool,
}

impl Spelling {
    /// Every resource of the contract.
    pub(crate) fn all() -> Vec<Self> {
        let table = RestTable::of_contract(FILE_DESCRIPTOR_SET).unwrap();
        let spelt = table.resources().map(|resource| {
            let spelling = resource.spelling();
            let (method, path) = spelling.split_once(' ').unwrap();
            Self {
                rpc: resource.rpc.clone(),
                method: method.to_owned(),
                path: path.to_owned(),
            }
        });
        spelt.collect()
    }

    fn has_body(&self) -> bool {
        self.method == "POST"
    }

    /// The fields in the path.
    fn path_fields(&self) -> impl Iterator<Item = &str> {
        let parts = self.path.split('/');
        parts.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }

    /// Where something is wrong, as the caller of this resource wrote it: in a body as in the message, else the parameter. A message is
    /// all of its parameters.
    pub(crate) fn places(&self, of: &MessageDescriptor, place: &str) -> Vec<String> {
        if self.has_body() {
            return vec![place.to_owned()];
        }
        let (field, index) = place.split_at(place.find('[').unwrap_or(place.len()));
        let mut all = Vec::new();
        leaves(of, "", &mut all);
        let under = format!("{field}.");
        let found = all
            .into_iter()
            .filter(|leaf| leaf == field || leaf.starts_with(&under));
        found
            .map(|leaf| format!("{}{index}", leaf.rsplit('.').next().unwrap()))
            .collect()
    }

    /// The question in this spelling; of a file, from a byte on.
    pub(crate) fn spell(&self, asked: &Question, from: u64, wordiness: Wordiness) -> SpeltQuestion {
        let message = &asked.message;
        let mut texts = Vec::new();
        texts_of(message, wordiness, &mut texts);
        let mut path = self.path.clone();
        let mut elsewhere = false;
        for field in self.path_fields() {
            let value = message.get_field_by_name(field).unwrap();
            let text = text_of(&value, None);
            elsewhere |= text.is_empty();
            let encoded = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
            path = path.replace(&format!("{{{field}}}"), &encoded);
            texts.retain(|parameter| parameter.name != field);
        }
        let (mut target, mut body, mut unspeakable) = (path, None, Vec::new());
        if self.has_body() {
            body = Some(self.body(message, wordiness));
        } else {
            let mut query = form_urlencoded::Serializer::new(String::new());
            for parameter in texts {
                query.append_pair(&parameter.name, &parameter.text);
                if !parameter.speakable {
                    unspeakable.push(parameter.name);
                }
            }
            target = format!("{target}?{}", query.finish());
        }
        SpeltQuestion {
            spelling: self.clone(),
            target,
            body,
            from,
            unspeakable,
            elsewhere,
        }
    }

    /// The message as JSON, without what is in the path.
    fn body(&self, message: &DynamicMessage, wordiness: Wordiness) -> String {
        let options = SerializeOptions::new()
            .use_proto_field_name(true)
            .skip_default_fields(wordiness == Wordiness::Brief);
        let json = message.serialize_with_options(serde_json::value::Serializer, &options);
        let mut json = json.unwrap();
        for elsewhere in self.path_fields().chain([OFFSET]) {
            json.as_object_mut().unwrap().remove(elsewhere);
        }
        json.to_string()
    }
}

/// The scalar fields of a message and of the messages in it, by their places.
fn leaves(of: &MessageDescriptor, above: &str, found: &mut Vec<String>) {
    for field in of.fields() {
        let place = format!("{above}{}", field.name());
        match field.kind() {
            Kind::Message(inner) if field.cardinality() != Cardinality::Repeated => {
                leaves(&inner, &format!("{place}."), found);
            }
            Kind::Message(_) => {}
            _ => found.push(place),
        }
    }
}

struct ParameterText {
    name: String,
    text: String,
    speakable: bool,
}

fn texts_of(message: &DynamicMessage, wordiness: Wordiness, texts: &mut Vec<ParameterText>) {
    for field in message.descriptor().fields() {
        // In HTTP a range says it.
        if field.name() == OFFSET {
            continue;
        }
        let value = message.get_field(&field);
        if let (Value::Message(inner), true) = (&*value, message.has_field(&field)) {
            texts_of(inner, wordiness, texts);
            continue;
        }
        let hidden = is_hidden(&field);
        let silent = hidden || field.supports_presence() || wordiness == Wordiness::Brief;
        if !message.has_field(&field) && silent {
            continue;
        }
        let values = match &*value {
            Value::List(values) => values.clone(),
            one => vec![one.clone()],
        };
        let kind = field.kind();
        texts.extend(values.iter().map(|value| ParameterText {
            name: field.name().to_owned(),
            text: text_of(value, Some(&kind)),
            speakable: !hidden && is_named(value, &kind),
        }));
    }
}

/// Whether it never stands in a URL.
fn is_hidden(field: &FieldDescriptor) -> bool {
    ["persona_fisica", "never_in_url"].iter().any(|option| {
        let option = contract().get_extension_by_name(&format!("{PACKAGE}.{option}"));
        field.options().get_extension(&option.unwrap()).as_bool() == Some(true)
    })
}

/// Whether the contract has a name for it: numbers of enumerations may have none.
fn is_named(value: &Value, kind: &Kind) -> bool {
    match (value, kind) {
        (Value::EnumNumber(number), Kind::Enum(names)) => names.get_value(*number).is_some(),
        _ => true,
    }
}

fn text_of(value: &Value, kind: Option<&Kind>) -> String {
    match (value, kind) {
        (Value::String(text), _) => text.clone(),
        (Value::Bool(value), _) => value.to_string(),
        (Value::I32(value), _) => value.to_string(),
        (Value::I64(value), _) => value.to_string(),
        (Value::U32(value), _) => value.to_string(),
        (Value::EnumNumber(number), Some(Kind::Enum(names))) => match names.get_value(*number) {
            Some(value) => value.name().to_owned(),
            None => number.to_string(),
        },
        other => panic!("{other:?} is in no URL"),
    }
}

impl SpeltQuestion {
    /// A path that is no resource.
    pub(crate) fn to_nowhere(path: &str) -> Self {
        Self {
            spelling: Spelling {
                rpc: String::new(),
                method: "GET".to_owned(),
                path: path.to_owned(),
            },
            target: path.to_owned(),
            body: None,
            from: 0,
            unspeakable: Vec::new(),
            elsewhere: true,
        }
    }

    /// Whether it becomes a call.
    pub(crate) fn is_call(&self) -> bool {
        !self.elsewhere && self.unspeakable.is_empty()
    }
}
