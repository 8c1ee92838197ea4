//! `docs/configuration.md`, made of the settings' types: keys and their kinds are what the settings read, defaults and
//! bounds are tried on the program, what a setting means is its comment in the source.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use expect_test::expect_file;

use super::{
    doc_comments::{self, Documented},
    settings_probe::{Shape, shape},
    settings_tried::{Bounds, Default, Tried},
};

const INTRODUCTION: &str = "\
<!-- Made of the settings' types. To renew it: UPDATE_EXPECT=1 cargo test --test it docs::configuration -->

# Configuration

";

/// The key of the program's own settings; `path` has `*` for any name, and for any place of an array.
struct Setting {
    path: Vec<&'static str>,
    shape: Shape,
    meaning: String,
    /// The type as the source has it.
    kind: String,
}

/// A table of the file.
struct Section {
    path: Vec<&'static str>,
    array: bool,
    meaning: String,
    settings: Vec<Setting>,
}

/// To accept a change: `UPDATE_EXPECT=1 cargo test --test it docs::configuration`.
#[test]
fn the_page_of_settings_is_what_the_settings_read() {
    let tried = Tried::new();
    let mut page = INTRODUCTION.to_owned();
    let introduction = doc_comments::of_file("src/config/mod.rs");
    // A paragraph that links to the code is for those who read the code.
    let paragraphs = introduction.split("\n\n");
    let paragraphs: Vec<_> = paragraphs.filter(|text| !text.contains("[`")).collect();
    page.push_str(&paragraphs.join("\n\n"));
    page.push('\n');
    for section in sections() {
        describe(&section, &tried, &mut page);
    }
    expect_file!["../../../docs/configuration.md"].assert_eq(&page);
}

/// Every setting, as pages name it: `server.listen`.
pub(super) fn names() -> BTreeSet<String> {
    let sections = sections();
    let settings = sections.iter().flat_map(|section| &section.settings);
    let settings = settings.map(|setting| setting.path.join("."));
    let tables = sections.iter().map(|section| section.path.join("."));
    let tables = tables.map(|name| name.trim_end_matches(".*").to_owned());
    settings.chain(tables).collect()
}

/// Whether a word in backticks is meant for a setting: it begins like one, and is not a file or a metric.
pub(super) fn looks_like_a_setting(word: &str) -> bool {
    let Some((section, rest)) = word.split_once('.') else {
        return false;
    };
    let Shape::Table { keys, .. } = shape(&[]) else {
        panic!("the settings are no table");
    };
    let plain = |c: char| c.is_ascii_lowercase() || matches!(c, '_' | '.');
    let files = ["csv", "json", "key", "md", "pem", "py", "rs", "sh", "toml"];
    keys.contains(&section) && rest.chars().all(plain) && !files.contains(&rest)
}

fn sections() -> Vec<Section> {
    let structs = doc_comments::structs();
    let mut sections = Vec::new();
    let Shape::Table { name, keys } = shape(&[]) else {
        panic!("the settings are no table");
    };
    for key in keys {
        let meaning = &structs[name].fields[*key].0;
        walk(vec![key], false, meaning, &structs, &mut sections);
    }
    sections
}

/// Adds the table at `path`, then those inside it.
fn walk(
    path: Vec<&'static str>,
    array: bool,
    meaning: &str,
    structs: &BTreeMap<String, Documented>,
    sections: &mut Vec<Section>,
) {
    let Shape::Table { name, keys } = shape(&path) else {
        panic!("{path:?} is no table");
    };
    let documented = &structs[name];
    let mut settings = Vec::new();
    let mut inner = Vec::new();
    for key in keys {
        let path = [path.as_slice(), &[*key]].concat();
        let (meaning, kind) = &documented.fields[*key];
        let (meaning, kind) = (meaning_of(meaning, structs), kind.clone());
        assert!(!meaning.is_empty(), "{path:?} has no comment");
        let found = shape(&path);
        let inside = [path.as_slice(), &["*"]].concat();
        match found {
            Shape::Table { .. } => inner.push((path, false, meaning)),
            Shape::Array if matches!(shape(&inside), Shape::Table { .. }) => {
                inner.push((inside, true, meaning));
            }
            Shape::Named if matches!(shape(&inside), Shape::Table { .. }) => {
                inner.push((inside, false, meaning));
            }
            Shape::Named => settings.push(Setting {
                shape: shape(&inside),
                path: inside,
                meaning,
                kind,
            }),
            shape => settings.push(Setting {
                path,
                shape,
                meaning,
                kind,
            }),
        }
    }
    // `[tls]: without a certificate, …` says more than the field in the table above it.
    let own = documented.comment.split_once("`: ").map(|(_, own)| own);
    sections.push(Section {
        path,
        array,
        meaning: own.unwrap_or(meaning).to_owned(),
        settings,
    });
    for (path, array, meaning) in inner {
        walk(path, array, &meaning, structs, sections);
    }
}

/// The comment, or the one that it refers to: ``As [`QuotaSettings::al_giorno`].``
fn meaning_of(comment: &str, structs: &BTreeMap<String, Documented>) -> String {
    let other = comment
        .strip_prefix("As [`")
        .and_then(|rest| rest.strip_suffix("`]."));
    match other.and_then(|other| other.split_once("::")) {
        Some((name, field)) => structs[name].fields[field].0.clone(),
        None => comment.to_owned(),
    }
}

fn describe(section: &Section, tried: &Tried, page: &mut String) {
    let name = section.path.join(".");
    let heading = if section.array {
        format!("[[{}]]", name.trim_end_matches(".*"))
    } else {
        format!("[{}]", name.replace('*', "NAME"))
    };
    let _ = write!(
        page,
        "\n## `{heading}`\n\n{}\n\n",
        sentence(&section.meaning)
    );
    page.push_str("| setting | value | default | meaning |\n| --- | --- | --- | --- |\n");
    for setting in &section.settings {
        let key = setting.path[section.path.len()..]
            .join(".")
            .replace('*', "NAME");
        let (default, bounds) = tried.setting(&setting.path, &setting.shape);
        let variable = match tried.variable(&setting.path) {
            Some(variable) => format!("<br>`{variable}`"),
            None => String::new(),
        };
        let default = match default {
            Default::None => String::new(),
            Default::Value(text) => format!("`{text}`"),
            Default::Required => "required".to_owned(),
        };
        let value = value(setting, &bounds);
        let meaning = sentence(&setting.meaning).replace('|', "\\|");
        let _ = writeln!(
            page,
            "| `{key}`{variable} | {value} | {default} | {meaning} |"
        );
    }
}

/// What may be written.
fn value(setting: &Setting, bounds: &Bounds) -> String {
    let key = setting.path.last().copied().unwrap_or_default();
    match &setting.shape {
        Shape::OneOf(words) => format!("`\"{}\"`", words.join("\"`, `\"")),
        Shape::Flag => "`true`, `false`".to_owned(),
        Shape::Texts => "texts".to_owned(),
        Shape::Array => {
            let inside = [setting.path.as_slice(), &["*"]].concat();
            match shape(&inside) {
                Shape::OneOf(words) => format!("array of `\"{}\"`", words.join("\"`, `\"")),
                _ => "array".to_owned(),
            }
        }
        Shape::Integer | Shape::Fraction => {
            let unit = ["seconds", "days", "bytes", "rows"];
            let unit = unit.iter().find(|unit| key.ends_with(*unit));
            let unit = unit.map_or("number", |unit| unit);
            format!("{unit}{bounds}")
        }
        _ if setting.kind.contains("SecretString") => "text, a secret".to_owned(),
        _ if setting.kind.contains("SocketAddr") => "address and port".to_owned(),
        _ if setting.kind.contains("KeyLocation") => "path or URL".to_owned(),
        _ if setting.kind.contains("ServerAddress") => "URL".to_owned(),
        _ if setting.kind.contains("Path") => "path".to_owned(),
        _ => "text".to_owned(),
    }
}

/// A comment as a sentence of the page.
fn sentence(comment: &str) -> String {
    assert!(
        !comment.contains("[`"),
        "a page has no such links: {comment}"
    );
    let mut letters = comment.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}
