//! JSON that two readers cannot read differently (RFC 7515, section 4; RFC 7519, section 4; RFC 8725, section 2.4).
//!
//! ```text
//! {"sub":"mef-rgs-be","sub":"mlps-be"}      one reader takes the first, serde_json the last: refused
//! {"act":{"sub":"a","s\u0075b":"b"}}        at any depth, however it is spelt: refused
//! ```

use std::{collections::HashSet, fmt};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Why a text is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonDefect {
    /// It is not JSON, or has a number that no double holds.
    Syntax,
    /// An object of it names a member twice.
    DuplicateMember,
}

/// Checks that no object of a text, at any depth, names a member twice.
///
/// # Errors
/// One does, or the text is not JSON.
pub(super) fn check_members(text: &[u8]) -> Result<(), JsonDefect> {
    match serde_json::from_slice(text) {
        Ok(UniqueMembers) => Ok(()),
        // The visitor below makes no other error than this one.
        Err(error) if error.is_data() => Err(JsonDefect::DuplicateMember),
        Err(_) => Err(JsonDefect::Syntax),
    }
}

/// Any JSON value whose objects name each member once. It keeps nothing of it.
struct UniqueMembers;

impl<'de> Deserialize<'de> for UniqueMembers {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(UniqueMembers)
    }
}

impl<'de> Visitor<'de> for UniqueMembers {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("a member is named twice"));
            }
            map.next_value::<Self>()?;
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_stands_once_in_its_object() {
        for good in [
            "{}",
            "[]",
            "null",
            r#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}],"A":1.5}"#,
        ] {
            assert_eq!(check_members(good.as_bytes()), Ok(()), "{good}");
        }
        for twice in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"b":{"a":1,"a":2}}"#,
            r#"[1,[{"a":null,"b":0,"a":null}]]"#,
            r#"{"":1,"":2}"#,
        ] {
            assert_eq!(
                check_members(twice.as_bytes()),
                Err(JsonDefect::DuplicateMember),
                "{twice}"
            );
        }
        let deep = "[".repeat(4000);
        for bad in ["", "{", r#"{"a":1e400}"#, "{} {}", r#"{a:1}"#, &deep] {
            assert_eq!(
                check_members(bad.as_bytes()),
                Err(JsonDefect::Syntax),
                "{bad}"
            );
        }
    }
}
