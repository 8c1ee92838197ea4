//! Defaults, bounds and variables, tried on the program: what it reads back, and what it refuses.

use std::{collections::BTreeMap, ffi::OsString, fmt, io::Write as _};

use omnia::config::Settings;

use super::settings_probe::Shape;

/// More than any bound.
const HUGE: &str = "4294967295";

pub(super) enum Default {
    None,
    Value(String),
    /// A table of an array is not read without it.
    Required,
}

/// The least and the most that is taken.
#[derive(Default)]
pub(super) struct Bounds(Option<(String, Option<String>)>);

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some((least, Some(most))) => write!(f, ", {least} to {most}"),
            Some((least, None)) => write!(f, ", from {least}"),
            None => Ok(()),
        }
    }
}

/// The settings as they are by default, and what `Debug` says of each.
pub(super) struct Tried {
    debug: String,
    values: BTreeMap<String, String>,
}

impl Tried {
    pub(super) fn new() -> Self {
        let settings = Settings::from_sources(None, []).unwrap();
        Self {
            debug: format!("{settings:?}"),
            values: leaves(&format!("{settings:#?}")),
        }
    }

    pub(super) fn setting(&self, path: &[&str], shape: &Shape) -> (Default, Bounds) {
        if path.contains(&"*") {
            return (inside_a_table(path), Bounds::default());
        }
        (self.default(path, shape), bounds(path, shape))
    }

    /// The variable that sets it, if one does.
    pub(super) fn variable(&self, path: &[&str]) -> Option<String> {
        if path.contains(&"*") {
            return None;
        }
        let name = format!("OMNIA_{}", path.join("__").to_uppercase());
        let refused = Settings::from_sources(None, [(OsString::from(&name), "?".into())]);
        let error = refused
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        let unknown = ["unknown field", "unknown variable"];
        assert!(
            !unknown.iter().any(|why| error.contains(why)),
            "{name}: {error}"
        );
        Some(name)
    }

    /// The text that, written in the file, changes nothing.
    fn default(&self, path: &[&str], shape: &Shape) -> Default {
        let name = path.join(".");
        let shown = self
            .values
            .get(&name)
            .unwrap_or_else(|| panic!("no value of {name}"));
        if matches!(shown.as_str(), "None" | "[]" | "{}") {
            return Default::None;
        }
        let mut candidates = vec![shown.clone(), format!("{shown:?}")];
        // A duration is shown as `60s`.
        candidates.extend(shown.strip_suffix('s').map(str::to_owned));
        if let Shape::OneOf(words) = shape {
            candidates.extend(words.iter().map(|word| format!("{word:?}")));
        }
        let same = candidates.into_iter().find(|candidate| {
            read(path, candidate).is_ok_and(|settings| format!("{settings:?}") == self.debug)
        });
        Default::Value(same.unwrap_or_else(|| panic!("{name} = {shown} is not the default")))
    }
}

fn bounds(path: &[&str], shape: &Shape) -> Bounds {
    if !matches!(shape, Shape::Integer | Shape::Fraction) {
        return Bounds::default();
    }
    let refused = read(path, HUGE).err().unwrap_or_default();
    if let Some((_, range)) = refused.split_once(" must be from ")
        && let Some((range, _)) = range.split_once(", not ")
        && let Some((least, most)) = range.split_once(" to ")
    {
        // The most of this one is what the other setting is.
        let most = if path == ["export", "max_per_subject"] {
            "`export.max_concurrent`"
        } else {
            most
        };
        return Bounds(Some((least.to_owned(), Some(most.to_owned()))));
    }
    let zero_is_refused = read(path, "0").is_err();
    Bounds(zero_is_refused.then(|| ("1".to_owned(), None)))
}

/// In an array of tables, whether the program asks for the key.
fn inside_a_table(path: &[&str]) -> Default {
    let key = path.last().unwrap();
    let issuers = path.starts_with(&["access", "issuers"]);
    let required = issuers && {
        let keys = [
            ("kind", "\"oidc\""),
            ("issuer", "\"i\""),
            ("audience", "\"a\""),
            ("jwks", "\"k.json\""),
        ];
        let table = keys.iter().filter(|(name, _)| name != key);
        let table: String = table
            .map(|(name, value)| format!("{name} = {value}\n"))
            .collect();
        read_toml(&format!("[[access.issuers]]\n{table}")).is_err()
    };
    if required {
        Default::Required
    } else {
        Default::None
    }
}

fn read(path: &[&str], value: &str) -> Result<Settings, String> {
    let (key, section) = path.split_last().unwrap();
    read_toml(&format!("[{}]\n{key} = {value}\n", section.join(".")))
}

fn read_toml(toml: &str) -> Result<Settings, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(toml.as_bytes()).unwrap();
    Settings::from_sources(Some(file.path()), []).map_err(|error| error.to_string())
}

/// `Debug` over several lines, as keys and values: `server.listen` and `127.0.0.1:50051`.
fn leaves(debug: &str) -> BTreeMap<String, String> {
    let mut leaves = BTreeMap::new();
    let mut path: Vec<&str> = Vec::new();
    for line in debug.lines() {
        let text = line.trim().trim_end_matches(',');
        let (key, value) = text.split_once(": ").unwrap_or(("", text));
        if text.ends_with(['{', '(', '[']) {
            path.push(key);
        } else if matches!(text, "}" | ")" | "]") {
            path.pop();
        } else {
            let name = path.iter().chain([&key]).filter(|part| !part.is_empty());
            let name = name.copied().collect::<Vec<_>>().join(".");
            leaves.insert(name, value.to_owned());
        }
    }
    leaves
}

#[test]
fn debug_is_taken_apart() {
    let leaves = leaves(
        "S {\n    a: T {\n        b: 1,\n        c: W(\n            \"x\",\n        ),\n    },\n    d: [],\n}",
    );
    let leaves: Vec<_> = leaves
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    assert_eq!(leaves, [("a.b", "1"), ("a.c", "\"x\""), ("d", "[]")]);
}
