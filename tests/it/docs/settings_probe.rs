//! Asks the settings themselves what they read: a deserializer that offers one key at a time, and answers with an error
//! that holds what was asked of it.

use std::{fmt, iter::once};

use omnia::config::Settings;
use serde::{
    Deserialize as _, Deserializer,
    de::{
        self, IntoDeserializer, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
};

/// What stands at a place of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// A table with these keys, and the struct that reads it.
    Table {
        name: &'static str,
        keys: &'static [&'static str],
    },
    /// A table whose keys are names.
    Named,
    /// An array of tables.
    Array,
    /// One of these words.
    OneOf(&'static [&'static str]),
    Flag,
    Integer,
    Fraction,
    Text,
    /// An array of texts, or one text with commas.
    Texts,
}

/// What is at this place. In [`Shape::Named`] any name leads on, and in [`Shape::Array`] any word.
pub(super) fn shape(path: &[&str]) -> Shape {
    match Settings::deserialize(Probe(path)) {
        Err(Answer::Shape(shape)) => shape,
        Err(Answer::Other(why)) => panic!("{path:?}: {why}"),
        Ok(_) => panic!("{path:?}: nothing was asked"),
    }
}

#[derive(Debug)]
enum Answer {
    Shape(Shape),
    Other(String),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Answer {}

impl de::Error for Answer {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Other(message.to_string())
    }
}

/// The keys that are still to be offered.
#[derive(Clone, Copy)]
struct Probe<'a>(&'a [&'a str]);

impl<'de> Probe<'de> {
    /// Offers the next key, or answers.
    fn keyed<V: Visitor<'de>>(self, visitor: V, shape: Shape) -> Result<V::Value, Answer> {
        match self.0.split_first() {
            Some((key, rest)) => visitor.visit_map(MapDeserializer::new(once((*key, Self(rest))))),
            None => Err(Answer::Shape(shape)),
        }
    }
}

impl<'de> IntoDeserializer<'de, Answer> for Probe<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! answers {
    ($($method:ident: $shape:ident),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Answer> {
            Err(Answer::Shape(Shape::$shape))
        })*
    };
}

impl<'de> Deserializer<'de> for Probe<'de> {
    type Error = Answer;

    answers! {
        // Only a list asks for whatever is there: it takes an array or a text.
        deserialize_any: Texts,
        deserialize_bool: Flag,
        deserialize_i8: Integer, deserialize_i16: Integer, deserialize_i32: Integer, deserialize_i64: Integer,
        deserialize_u8: Integer, deserialize_u16: Integer, deserialize_u32: Integer, deserialize_u64: Integer,
        deserialize_f32: Fraction, deserialize_f64: Fraction,
        deserialize_char: Text, deserialize_str: Text, deserialize_string: Text,
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Answer> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Answer> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        keys: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Answer> {
        self.keyed(visitor, Shape::Table { name, keys })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Answer> {
        self.keyed(visitor, Shape::Named)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Answer> {
        match self.0.split_first() {
            Some((_, rest)) => visitor.visit_seq(SeqDeserializer::new(once(Self(rest)))),
            None => Err(Answer::Shape(Shape::Array)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Answer> {
        Err(Answer::Shape(Shape::OneOf(words)))
    }

    serde::forward_to_deserialize_any! {
        bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}
