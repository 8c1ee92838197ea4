//! Names are English, or Italian words that `docs/glossary.md` explains.
//!
//! The failure prints how a new English word is accepted; a new Italian word needs a row of the glossary.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Names that an English reader takes for another thing than an Italian one.
const FALSE_FRIENDS: [&str; 8] = [
    "Come", "Data", "Dove", "Fine", "Prime", "come", "dove", "prime",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameKind {
    Type,
    Function,
    Module,
}

#[derive(Debug, PartialEq, Eq)]
struct Definition {
    kind: NameKind,
    name: String,
    /// An associated type may repeat (`type Error`); the others are of the room.
    associated: bool,
}

/// The text with comments, strings and characters blanked out.
fn code_only(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = raw_string(rest, code.chars().next_back()) {
            length
        } else if rest.starts_with('"') {
            quoted(rest, b'"')
        } else if is_character(rest) {
            quoted(rest, b'\'')
        } else {
            0
        };
        if skipped == 0 {
            let next = rest.chars().next().unwrap();
            code.push(next);
            at += next.len_utf8();
        } else {
            code.push(' ');
            code.extend(rest[..skipped].chars().filter(|c| *c == '\n'));
            at += skipped;
        }
    }
    code
}

/// The length of the raw string that the text begins with.
fn raw_string(text: &str, before: Option<char>) -> Option<usize> {
    if before.is_some_and(|c| c.is_alphanumeric() && c != 'b' || c == '_') {
        return None;
    }
    let hashes = text.strip_prefix('r')?.bytes().take_while(|b| *b == b'#');
    let hashes = hashes.count();
    text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = hashes + 2;
    Some(text[start..].find(&end)? + start + end.len())
}

/// A character, and not a lifetime.
fn is_character(text: &str) -> bool {
    let mut characters = text.chars().skip(1);
    let first = characters.next();
    text.starts_with('\'') && (first == Some('\\') || characters.next() == Some('\''))
}

fn quoted(text: &str, quote: u8) -> usize {
    let mut bytes = text.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        if byte == b'\\' {
            bytes.next();
        } else if byte == quote {
            return at + 1;
        }
    }
    text.len()
}

/// What a file defines.
fn definitions(text: &str) -> Vec<Definition> {
    let mut found = Vec::new();
    for line in code_only(text).lines() {
        let mut words = line
            .split(|c: char| c.is_whitespace() || c == '(')
            .filter(|word| !word.is_empty());
        while let Some(word) = words.next() {
            let kind = match word {
                "struct" | "enum" | "trait" | "union" | "type" => NameKind::Type,
                "fn" => NameKind::Function,
                "mod" => NameKind::Module,
                _ => continue,
            };
            let name: String = words
                .next()
                .unwrap_or_default()
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            if name.starts_with(|c: char| c.is_alphabetic()) {
                found.push(Definition {
                    kind,
                    name,
                    associated: word == "type" && line.starts_with(' '),
                });
            }
        }
    }
    found
}

/// The words of a name, without digits: of `read_HTTPUrl2` read, http and url.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let characters: Vec<char> = name.chars().collect();
    for (at, &c) in characters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| characters[before]);
        let after = characters.get(at + 1);
        let begins = c.is_uppercase()
            && (before.is_some_and(|b| !b.is_uppercase())
                || after.is_some_and(|a| a.is_lowercase()));
        let separates = c == '_' || c.is_ascii_digit();
        if begins || separates {
            words.push(String::new());
        }
        if !separates {
            words.last_mut().unwrap().extend(c.to_lowercase());
        }
    }
    words.retain(|word| word.len() > 1);
    words
}

/// The words that stand in backticks in the first column of the glossary's tables.
fn glossary_words(glossary: &str) -> BTreeSet<String> {
    let first = |line: &str| {
        line.strip_prefix("| `")
            .and_then(|_| line.split('|').nth(1))
            .map(str::to_owned)
    };
    glossary
        .lines()
        .filter_map(first)
        .flat_map(|column| {
            let names = column.split('`').skip(1).step_by(2);
            names.flat_map(words).collect::<Vec<_>>()
        })
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

struct WordCheck {
    known: BTreeSet<String>,
    /// Each unknown word with the names that have it.
    unknown: BTreeMap<String, Vec<String>>,
    false_friends: Vec<String>,
    /// Where each type of `src` stands.
    types: BTreeMap<String, Vec<String>>,
}

impl WordCheck {
    fn new(english: &str, glossary: &str) -> Self {
        let mut known = glossary_words(glossary);
        known.extend(english.lines().map(str::to_owned));
        Self {
            known,
            unknown: BTreeMap::new(),
            false_friends: Vec::new(),
            types: BTreeMap::new(),
        }
    }

    fn name(&mut self, place: &str, name: &str) {
        for word in words(name) {
            if !self.known.contains(&word) {
                let places = self.unknown.entry(word).or_default();
                places.push(format!("{place}: {name}"));
            }
        }
    }

    /// Names of modules and functions are the names of tests too; those of tests/it are not held.
    fn file(&mut self, place: &str, text: &str) {
        let of_program = place.starts_with("src");
        for part in place.trim_end_matches(".rs").split('/') {
            self.name(place, part);
        }
        for definition in definitions(text) {
            let is_type = definition.kind == NameKind::Type;
            if !(of_program || is_type) {
                continue;
            }
            self.name(place, &definition.name);
            if definition.associated {
                continue;
            }
            if FALSE_FRIENDS.contains(&definition.name.as_str()) {
                let friend = format!("{place}: {}", definition.name);
                self.false_friends.push(friend);
            }
            if of_program && is_type {
                let places = self.types.entry(definition.name).or_default();
                places.push(place.to_owned());
            }
        }
    }

    fn twins(&self) -> Vec<String> {
        let twice = self.types.iter().filter(|(_, places)| places.len() > 1);
        twice
            .map(|(name, places)| format!("{name}: {}", places.join(", ")))
            .collect()
    }
}

fn of_this_repository() -> (PathBuf, WordCheck) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let check = WordCheck::new(&read("tests/english_words.txt"), &read("docs/glossary.md"));
    (root, check)
}

#[test]
fn every_word_of_a_name_is_english_or_in_the_glossary() {
    let (root, mut check) = of_this_repository();
    for folder in ["src", "tests/it"] {
        for path in rust_files(&root.join(folder)) {
            let place = path.strip_prefix(&root).unwrap().to_str().unwrap();
            check.file(place, &fs::read_to_string(&path).unwrap());
        }
    }
    let unknown: Vec<&str> = check.unknown.keys().map(String::as_str).collect();
    assert!(
        unknown.is_empty(),
        "words that neither tests/english_words.txt nor docs/glossary.md has: {:#?}\n\
         An English word is added to the list; an Italian one needs a row of the glossary, and belongs there only if the \
         proto, the policy, the Messaggio, the AA07 form or the database has it. If all of these are English:\n\
         printf '%s\\n' {} | LC_ALL=C sort -u - tests/english_words.txt -o tests/english_words.txt",
        check.unknown,
        unknown.join(" ")
    );
    let none: [String; 0] = [];
    assert_eq!(check.false_friends, none, "false friends");
    assert_eq!(check.twins(), none, "types of one name");
}

#[test]
fn the_list_of_english_words_is_sorted() {
    let (root, _) = of_this_repository();
    let english = fs::read_to_string(root.join("tests/english_words.txt")).unwrap();
    let lines: Vec<&str> = english.lines().collect();
    assert!(lines.is_sorted_by(|a, b| a < b), "not sorted, or twice");
}

#[test]
fn planted_names_are_found() {
    let (_, mut check) = of_this_repository();
    check.file(
        "src/spiaggia.rs",
        "// struct Ombrellone;\nconst TEXT: &str = \"fn onda() {}\";\npub struct MareMosso { x: u8 }\n\
         impl Iterator for MareMosso {\n    type Item = u8;\n    fn next(&mut self) -> Option<u8> { None }\n}\n\
         pub(crate) enum Data {}\n",
    );
    check.file("src/other.rs", "pub struct MareMosso;\n");
    let unknown: Vec<_> = check.unknown.keys().map(String::as_str).collect();
    assert_eq!(unknown, ["mare", "mosso", "spiaggia"]);
    assert_eq!(check.false_friends, ["src/spiaggia.rs: Data"]);
    assert_eq!(check.twins(), ["MareMosso: src/spiaggia.rs, src/other.rs"]);
}

#[test]
fn names_are_split_into_words() {
    assert_eq!(
        words("read_HTTPUrl2"),
        ["read", "http", "url"],
        "snake and camel"
    );
    assert_eq!(words("CodificaSistemaUnico").len(), 3);
}
