//! A field of a request as a parameter of a path or a query.

use std::str::FromStr;

use prost_reflect::{
    Cardinality, DynamicMessage, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor,
    Value,
};

use crate::valori::ValueDefect;

/// A value that a URL may hold, and where it stands in the request.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    /// The field's own name.
    pub(super) name: String,
    /// From the request to the field.
    fields: Vec<FieldDescriptor>,
}

const NOT_A_NUMBER: ValueDefect =
    ValueDefect::new("must be a whole number", "deve essere un numero intero");
const NOT_A_BOOLEAN: ValueDefect =
    ValueDefect::new("must be true or false", "deve essere true o false");
const NOT_A_VALUE: ValueDefect = ValueDefect::new(
    "must be one of the values of the contract",
    "deve essere uno dei valori previsti dal contratto",
);

/// Those of a request: its scalar fields and those of the messages in it, but for what may identify a natural person: those with one of the
/// options `hidden`.
pub(super) fn parameters(
    request: &MessageDescriptor,
    hidden: &[ExtensionDescriptor],
) -> Vec<Parameter> {
    let mut found = Vec::new();
    collect(request, hidden, &[], &mut found);
    found
}

fn collect(
    message: &MessageDescriptor,
    hidden: &[ExtensionDescriptor],
    above: &[FieldDescriptor],
    found: &mut Vec<Parameter>,
) {
    for field in message.fields() {
        let options = field.options();
        if hidden
            .iter()
            .any(|option| options.get_extension(option).as_bool() == Some(true))
        {
            continue;
        }
        let mut fields = above.to_vec();
        fields.push(field.clone());
        match field.kind() {
            Kind::Message(inner) if field.cardinality() != Cardinality::Repeated => {
                collect(&inner, hidden, &fields, found);
            }
            Kind::Message(_) => {}
            _ => found.push(Parameter {
                name: field.name().to_owned(),
                fields,
            }),
        }
    }
}

impl Parameter {
    /// The field itself.
    pub(super) fn field(&self) -> Option<&FieldDescriptor> {
        self.fields.last()
    }

    /// Whether it is a field of the request itself.
    pub(super) fn is_top(&self) -> bool {
        self.fields.len() == 1
    }

    /// Its place, as violations name it: `filtro.periodo.dal`.
    pub(super) fn place(&self) -> String {
        let names: Vec<&str> = self.fields.iter().map(FieldDescriptor::name).collect();
        names.join(".")
    }

    /// Whether it may be given more than once.
    pub(super) fn is_list(&self) -> bool {
        self.fields.last().is_some_and(FieldDescriptor::is_list)
    }

    /// Puts a value into the request; of a list, one more.
    ///
    /// # Errors
    /// The text is no value of the field.
    pub(super) fn put(&self, request: &mut DynamicMessage, text: &str) -> Result<(), ValueDefect> {
        let Some((field, above)) = self.fields.split_last() else {
            return Ok(());
        };
        let value = value(&field.kind(), text)?;
        let mut message = request;
        for field in above {
            let Value::Message(inner) = message.get_field_mut(field) else {
                return Ok(());
            };
            message = inner;
        }
        match field.is_list() {
            true => {
                if let Value::List(list) = message.get_field_mut(field) {
                    list.push(value);
                }
            }
            false => message.set_field(field, value),
        }
        Ok(())
    }
}

/// A text as a value. A number has one spelling: neither `+1` nor `01` is another way to the grant `1`.
fn value(kind: &Kind, text: &str) -> Result<Value, ValueDefect> {
    fn number<N: FromStr + ToString>(text: &str) -> Result<N, ValueDefect> {
        let number = text.parse::<N>().ok();
        number
            .filter(|number| number.to_string() == text)
            .ok_or(NOT_A_NUMBER)
    }
    Ok(match kind {
        Kind::String => Value::String(text.to_owned()),
        Kind::Bool => Value::Bool(text.parse().map_err(|_| NOT_A_BOOLEAN)?),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(number(text)?),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number(text)?),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(number(text)?),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(number(text)?),
        Kind::Enum(names) => {
            let value = names.get_value_by_name(text).ok_or(NOT_A_VALUE)?;
            Value::EnumNumber(value.number())
        }
        // The contract has none in a request.
        Kind::Double | Kind::Float | Kind::Bytes | Kind::Message(_) => return Err(NOT_A_VALUE),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_spelling() {
        for (text, number) in [("0", 0), ("-7", -7), ("2147483647", i32::MAX)] {
            assert_eq!(value(&Kind::Int32, text).unwrap(), Value::I32(number));
        }
        let large = i64::MIN.to_string();
        assert_eq!(value(&Kind::Int64, &large).unwrap(), Value::I64(i64::MIN));
        for bad in [
            "",
            "+1",
            "01",
            "-0",
            "1 ",
            " 1",
            "1.0",
            "0x1",
            "1e3",
            "2147483648",
        ] {
            assert!(value(&Kind::Int32, bad).is_err(), "{bad}");
        }
    }
}
