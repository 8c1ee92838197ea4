//! A list of texts: an array in the file, joined by commas in the environment, which has no arrays.

use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum List {
    Joined(String),
    Array(Vec<String>),
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(match List::deserialize(from)? {
        List::Array(texts) => texts,
        List::Joined(text) => text
            .split(',')
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect(),
    })
}
