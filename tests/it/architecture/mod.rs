//! The rooms of the source, and who may use whom.

mod graph;
mod scan;

use std::{collections::BTreeSet, fs, path::Path};

use expect_test::expect_file;

use self::graph::{Graph, Sources, table, upward};

/// The reviewed table: the rooms bottom up.
const REVIEWED: &str = include_str!("../../architecture.txt");
/// The room whose inner rooms are in the table too.
const SPLIT: &str = "abilitazione";
/// Generated code, by the module that includes it.
const GENERATED: [(&str, &str); 2] = [
    ("contract/proto", "inps.omnia.monitoraggio.v1.rs"),
    (
        "decreto/encoded",
        "decree_server/inps.omnia.monitoraggio.v1.rs",
    ),
];
const MOST_LINES: usize = 400;

fn sources() -> Sources {
    let mut sources = Sources::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    for (module, file) in GENERATED {
        let file = Path::new(env!("OUT_DIR")).join(file);
        sources.add(module, &fs::read_to_string(file).unwrap());
    }
    sources
}

fn planted(module: &str, text: &str) -> Graph {
    let mut sources = sources();
    sources.add(module, text);
    sources.graph()
}

/// The rooms of the reviewed table, bottom up.
fn order() -> Vec<&'static str> {
    let lines = REVIEWED.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| Some(line.split_once(':')?.0))
        .collect()
}

/// The rooms in the table of a page: `| [`name`] | …`.
fn listed(page: &str) -> Vec<&str> {
    let lines = page.lines().map(|line| line.trim_start_matches("//! "));
    let cells = lines.filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let names = cells.filter_map(|cell| {
        let name = cell.trim_start_matches('[').strip_prefix('`')?;
        name.split_once('`').map(|(name, _)| name)
    });
    names.collect()
}

/// To accept a change: edit the table, or `UPDATE_EXPECT=1 cargo test --test it architecture`, and have it reviewed.
#[test]
fn rooms_use_what_the_reviewed_table_says() {
    let comments = REVIEWED.lines().filter(|line| line.starts_with('#'));
    let comments: String = comments.map(|line| format!("{line}\n")).collect();
    let rooms = sources().graph().rooms(SPLIT);
    expect_file!["../../architecture.txt"]
        .assert_eq(&format!("{comments}{}", table(&rooms, &order())));
}

#[test]
fn no_room_uses_one_above_it_and_no_file_one_that_uses_it() {
    let graph = sources().graph();
    let mut found = upward(&graph.rooms(SPLIT), &order());
    found.extend(graph.cycles());
    assert_eq!(found, [""; 0]);
}

#[test]
fn an_edge_and_a_cycle_in_the_real_tree_are_seen() {
    for (module, text, edge) in [
        (
            "valori/date",
            "use crate::report::filtro;",
            "valori -> report",
        ),
        ("clock", "fn f() { crate::cli::run(); }", "clock -> cli"),
        (
            "abilitazione/authn/jws",
            "use crate::abilitazione::{Permesso as P};",
            "abilitazione/authn -> abilitazione/gate",
        ),
    ] {
        let graph = planted(module, text);
        let upward = upward(&graph.rooms(SPLIT), &order());
        assert!(
            upward.iter().any(|found| found == edge),
            "{edge}: {upward:?}"
        );
    }
    let graph = planted(
        "valori/bom",
        "use super::date::f; mod tests { use super::super::tax_codes; }",
    );
    assert!(
        !graph
            .cycles()
            .iter()
            .any(|cycle| cycle.contains("valori/bom")),
        "{:?}",
        graph.cycles()
    );
    let back = planted(
        "clock",
        "use crate::{call_record::{self, X}}; // use crate::cli;\n/* crate::app */",
    );
    assert!(upward(&back.rooms(SPLIT), &order()).contains(&"clock -> call_record".to_owned()));
    assert!(!upward(&back.rooms(SPLIT), &order()).contains(&"clock -> cli".to_owned()));
}

#[test]
fn a_small_tree_is_read_as_the_compiler_reads_it() {
    let mut sources = Sources::default();
    for (module, text) in [
        ("", "pub mod low; pub mod high;"),
        (
            "low",
            "mod a; mod b; pub use self::a::{Thing as Renamed, other};",
        ),
        (
            "low/a",
            r##"const S: &str = "crate::high::X"; const R: &str = r#"" crate::high"#; // crate::high"##,
        ),
        (
            "low/b",
            "fn f<'a>(x: &'a str, c: char) -> impl Sized + use<'a> { c == '\"'; super::a::g(x) } pub(in crate::high) fn g() {}",
        ),
        (
            "high",
            "use crate::low::Renamed;\nmod one; mod two; fn f() { one::f() }",
        ),
        ("high/one", "use super::two::X;"),
        (
            "high/two",
            "#[cfg(test)] mod tests { use super::super::one; }",
        ),
    ] {
        sources.add(module, text);
    }
    let graph = sources.graph();
    let rooms = graph.rooms("high");
    assert_eq!(
        table(&rooms, &["low", "high"]),
        "low: \nhigh: low\nhigh/one: high/two\nhigh/two: high/one\n"
    );
    assert_eq!(upward(&graph.rooms(""), &["low", "high"]), [""; 0]);
    assert_eq!(upward(&graph.rooms(""), &["high", "low"]), ["high -> low"]);
    assert_eq!(
        graph.cycles(),
        BTreeSet::from(["high/one high/two".to_owned()])
    );
}

#[test]
fn the_pages_list_the_rooms_of_the_table() {
    let rooms: Vec<_> = order()
        .into_iter()
        .filter(|room| !room.contains('/'))
        .collect();
    for page in ["src/lib.rs", "docs/architecture.md"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
        assert_eq!(listed(&text), rooms, "{page}");
    }
}

#[test]
fn no_file_is_long() {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(path) = open.pop() {
        if path.ends_with("node_modules") {
            // What pages are built with is not ours.
            continue;
        }
        if path.is_dir() {
            open.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= MOST_LINES, "{}: {lines} lines", path.display());
        }
    }
}
