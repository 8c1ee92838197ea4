//! The schema of the database that has the tables.

use std::{borrow::Cow, fmt};

use serde::Deserialize;

/// The name of a schema: a plain identifier, so that it means the same quoted and unquoted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SchemaName(Cow<'static, str>);

/// `NAMEDATALEN` less the closing zero.
const LONGEST: usize = 63;

impl SchemaName {
    /// Reads a name.
    ///
    /// # Errors
    /// What it may be, where it is something else.
    pub fn parse(name: impl Into<Cow<'static, str>>) -> Result<Self, String> {
        let name = name.into();
        let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && name.len() <= LONGEST;
        // Postgres keeps these for itself.
        if !plain || name.starts_with("pg_") || name == "information_schema" {
            return Err(format!(
                "{name:?} cannot be the schema of the tables: it must be of lower-case letters, digits and underscores, \
                 not begin with a digit or pg_, and have {LONGEST} characters at most"
            ));
        }
        Ok(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as SQL has it: `"user"` would be a keyword without quotes.
    pub(super) fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }

    /// The search path in which the tables, and no others, are found. `pg_catalog` comes first without being named;
    /// `pg_temp` would too: it is named so that it comes last, where a temporary table cannot stand before a real one.
    pub(super) fn search_path(&self) -> String {
        format!("{}, pg_temp", self.quoted())
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// `public`
impl Default for SchemaName {
    fn default() -> Self {
        Self(Cow::Borrowed("public"))
    }
}

impl TryFrom<String> for SchemaName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::parse(name)
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::SchemaName;

    #[test]
    fn only_a_plain_identifier_is_a_schema() {
        for name in ["public", "dati", "_x1", "user", &"a".repeat(63)] {
            let schema = SchemaName::parse(name.to_owned()).unwrap();
            assert_eq!(schema.search_path(), format!("\"{name}\", pg_temp"));
        }
        for name in [
            "",
            "Dati",
            "1x",
            "a b",
            "a,public",
            "a\"b",
            "a;drop",
            "è",
            "pg_temp",
            "pg_catalog",
            "information_schema",
            &"a".repeat(64),
        ] {
            let error = SchemaName::parse(name.to_owned()).unwrap_err();
            assert!(error.contains("lower-case letters"), "{error}");
        }
    }
}
