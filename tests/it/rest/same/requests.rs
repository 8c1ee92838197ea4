//! Random requests of any call, from its descriptor.

use proptest::{collection::vec, prelude::*, sample::select, strategy::Union};
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value,
};

use super::{
    question::Question,
    values::{FieldPresence, FieldValues, values_of},
};

/// Of a request that may be wrong most fields are right, so that it is refused for few things at a time, or for none.
const RIGHT_FOR_ONE_WRONG: u32 = 11;

/// A field of a message, and its value.
type SetField = (FieldDescriptor, Value);

/// Of a call: with values as people ask with them; `wild`: with wrong ones among them.
pub(super) fn question(call: &MethodDescriptor, wild: bool) -> BoxedStrategy<Question> {
    let call = call.clone();
    let question = message(&call.input(), wild).prop_map(move |message| Question {
        call: call.clone(),
        message,
    });
    question.boxed()
}

fn message(of: &MessageDescriptor, wild: bool) -> BoxedStrategy<DynamicMessage> {
    let oneofs: Vec<_> = of.oneofs().filter(|one| !one.is_synthetic()).collect();
    let in_oneof = |field: &FieldDescriptor| {
        let of = field.containing_oneof();
        of.is_some_and(|of| oneofs.contains(&of))
    };
    let fields = of.fields().filter(|field| !in_oneof(field));
    let mut parts: Vec<_> = fields.map(|field| field_of(field, wild)).collect();
    // Of those that exclude each other, one; where something is wrong, perhaps none.
    for oneof in &oneofs {
        let fields: Vec<_> = oneof.fields().collect();
        let set = select(fields)
            .prop_flat_map(move |field| (Just(field.clone()), value_of(&field, wild)))
            .prop_map(Some);
        let one = match wild {
            true => prop_oneof![9 => set, 1 => Just(None)].boxed(),
            false => set.boxed(),
        };
        parts.push(one);
    }
    let of = of.clone();
    parts
        .prop_map(move |parts| {
            let mut message = DynamicMessage::new(of.clone());
            for (field, value) in parts.into_iter().flatten() {
                message.set_field(&field, value);
            }
            message
        })
        .boxed()
}

fn values_for(field: &FieldDescriptor) -> FieldValues {
    values_of(field.parent_message().name(), field.name())
}

/// A field and its value, or nothing of it.
fn field_of(field: FieldDescriptor, wild: bool) -> BoxedStrategy<Option<SetField>> {
    let inner = matches!(field.kind(), Kind::Message(_));
    // What is right at no time is there only where something is wrong.
    let asked = wild || inner || !right_values(&field).is_empty();
    let (set, unset) = match (values_for(&field).presence, wild) {
        _ if !asked => return Just(None).boxed(),
        (FieldPresence::Never, _) => return Just(None).boxed(),
        (FieldPresence::Always, false) => (1, 0),
        (FieldPresence::Always, true) => (30, 1),
        (FieldPresence::Sometimes, _) if inner => (2, 1),
        (FieldPresence::Sometimes, _) => (1, 2),
    };
    let value = value_of(&field, wild).prop_map(move |value| Some((field.clone(), value)));
    match unset {
        0 => value.boxed(),
        _ => prop_oneof![set => value, unset => Just(None)].boxed(),
    }
}

fn value_of(field: &FieldDescriptor, wild: bool) -> BoxedStrategy<Value> {
    let kind = field.kind();
    if let Kind::Message(of) = kind {
        return message(&of, wild).prop_map(Value::Message).boxed();
    }
    let right = right_values(field);
    let bad = values_for(field).bad.iter();
    let bad: Vec<Value> = bad.map(|text| parsed(&kind, text)).collect();
    let mut of_both = Vec::new();
    if wild && !bad.is_empty() {
        of_both.push((1, select(bad).boxed()));
    }
    if !right.is_empty() {
        of_both.push((RIGHT_FOR_ONE_WRONG, select(right).boxed()));
    }
    let one = Union::new_weighted(of_both);
    match field.is_list() {
        true => vec(one, 0..3).prop_map(Value::List).boxed(),
        false => one.boxed(),
    }
}

/// Of an enumeration all that have a meaning, and none where it may be left out.
fn right_values(field: &FieldDescriptor) -> Vec<Value> {
    let (kind, values) = (field.kind(), values_for(field));
    let Kind::Enum(names) = &kind else {
        let texts = values.good.iter();
        return texts.map(|text| parsed(&kind, text)).collect();
    };
    let optional = values.presence == FieldPresence::Sometimes;
    let numbers = names.values().map(|value| value.number());
    let right = numbers.filter(|number| *number != 0 || optional);
    right.map(Value::EnumNumber).collect()
}

fn parsed(kind: &Kind, text: &str) -> Value {
    match kind {
        Kind::String => Value::String(text.to_owned()),
        Kind::Bool => Value::Bool(text.parse().unwrap()),
        Kind::Int32 => Value::I32(text.parse().unwrap()),
        Kind::Int64 => Value::I64(text.parse().unwrap()),
        Kind::Uint32 => Value::U32(text.parse().unwrap()),
        Kind::Enum(_) => Value::EnumNumber(text.parse().unwrap()),
        other => panic!("{other:?} is in no request"),
    }
}
