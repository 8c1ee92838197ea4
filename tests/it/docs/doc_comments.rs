//! What the source says of a struct and its fields. The program cannot be asked: comments are gone when it runs.

use std::{collections::BTreeMap, fs, path::Path};

/// The comments of a struct.
pub(super) struct Documented {
    pub(super) comment: String,
    /// For each field: its comment, and its type as it is written.
    pub(super) fields: BTreeMap<String, (String, String)>,
}

/// The public structs of `src`, by name.
pub(super) fn structs() -> BTreeMap<String, Documented> {
    let mut structs = BTreeMap::new();
    collect(&Path::new(super::ROOT).join("src"), &mut structs);
    structs
}

/// The comment at the head of a file.
pub(super) fn of_file(path: &str) -> String {
    let text = fs::read_to_string(Path::new(super::ROOT).join(path)).unwrap();
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    let lines: Vec<_> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    lines.join("\n")
}

fn collect(folder: &Path, structs: &mut BTreeMap<String, Documented>) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, structs);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            read(&fs::read_to_string(path).unwrap(), structs);
        }
    }
}

fn read(source: &str, structs: &mut BTreeMap<String, Documented>) {
    let mut comment = String::new();
    let mut inside: Option<String> = None;
    for line in source.lines() {
        let text = line.trim();
        if let Some(more) = text.strip_prefix("///") {
            comment.push_str(more);
        } else if let Some(rest) = text.strip_prefix("pub struct ")
            && let Some(name) = rest.strip_suffix(" {")
        {
            let documented = Documented {
                comment: std::mem::take(&mut comment).trim().to_owned(),
                fields: BTreeMap::new(),
            };
            structs.insert(name.to_owned(), documented);
            inside = Some(name.to_owned());
        } else if line == "}" {
            inside = None;
        } else if let Some(name) = &inside
            && let Some((field, kind)) = field(text)
        {
            let comment = std::mem::take(&mut comment).trim().to_owned();
            let fields = &mut structs.get_mut(name).unwrap().fields;
            fields.insert(field.to_owned(), (comment, kind.to_owned()));
        } else if !text.starts_with("#[") {
            comment.clear();
        }
    }
}

/// `pub listen: SocketAddr,`, whatever its visibility.
fn field(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix("pub")?;
    let text = match text.strip_prefix('(') {
        Some(rest) => rest.split_once(')')?.1,
        None => text,
    };
    let (name, kind) = text.trim().strip_suffix(',')?.split_once(": ")?;
    Some((name, kind))
}

#[test]
fn comments_are_found() {
    let source = "/// One\n/// struct.\n#[derive(Debug)]\npub struct Planted {\n    /// A field.\n    #[serde(default)]\n    pub(crate) a: Option<u8>,\n    pub b: u8,\n}\n";
    let mut structs = BTreeMap::new();
    read(source, &mut structs);
    let planted = &structs["Planted"];
    assert_eq!(planted.comment, "One struct.");
    assert_eq!(
        planted.fields["a"],
        ("A field.".to_owned(), "Option<u8>".to_owned())
    );
    assert_eq!(planted.fields["b"].0, "");
}
