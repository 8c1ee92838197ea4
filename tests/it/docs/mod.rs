//! The pages for people: links lead somewhere, commands and settings exist, and two pages are made of the code.

mod cli;
mod commands;
mod configuration;
mod doc_comments;
mod links;
mod markdown;
mod settings_probe;
mod settings_tried;
mod shell;

use std::path::Path;

use self::markdown::Page;

/// Where the project is.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Every page: those beside `Cargo.toml`, and all in these folders.
fn pages() -> Vec<Page> {
    let mut pages = Vec::new();
    collect(Path::new(ROOT), false, &mut pages);
    for folder in ["benches", "deploy", "docs", "tests"] {
        collect(&Path::new(ROOT).join(folder), true, &mut pages);
    }
    assert!(pages.len() > 20, "only {} pages", pages.len());
    pages
}

fn collect(folder: &Path, deep: bool, pages: &mut Vec<Page>) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && deep {
            collect(&path, deep, pages);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            pages.push(Page::read(&path));
        }
    }
}

#[test]
fn the_readme_is_short() {
    let lines = Page::read(&Path::new(ROOT).join("README.md")).lines();
    assert!(lines <= 150, "README.md has {lines} lines");
}
