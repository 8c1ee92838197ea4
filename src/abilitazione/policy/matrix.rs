//! The policy as a text that a person reviews: what each profile may do, name by name.

use std::fmt::Write as _;

use super::{DecisionTable, Profilo};
use crate::contract::vocabulary::Vocabulary;

/// The whole table, always in the same order: a change of policy is a change of lines.
#[must_use]
pub fn matrix(tabella: &DecisionTable, vocabulary: &Vocabulary) -> String {
    let profili: Vec<&Profilo> = tabella.profili().collect();
    let words = || vocabulary.iter();
    let names = words().flat_map(|(_, w)| w.filtri().iter().chain(w.colonne()));
    let left = words()
        .map(|(rpc, _)| rpc.len())
        .chain(names.map(|name| "  colonna ".len() + name.len()))
        .max()
        .unwrap_or_default();

    let mut out = String::new();
    let mut row = |label: &str, cell: &dyn Fn(&Profilo) -> &'static str| {
        let mut line = format!("{label:left$}");
        for profilo in &profili {
            let width = profilo.name().len();
            // Writing to a String does not fail.
            let _ = write!(line, "  {:width$}", cell(profilo));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    };
    for (rpc, words) in words() {
        row(rpc, &|profilo| mark(profilo.decision(rpc).is_some()));
        for filtro in words.filtri() {
            row(&format!("  filtro  {filtro}"), &|profilo| {
                mark(profilo.decision(rpc).is_some_and(|d| d.filtro(filtro)))
            });
        }
        for colonna in words.colonne() {
            row(&format!("  colonna {colonna}"), &|profilo| {
                mark(profilo.decision(rpc).is_some_and(|d| d.colonna(colonna)))
            });
        }
    }
    let mut head = " ".repeat(left);
    for profilo in &profili {
        let _ = write!(head, "  {}", profilo.name());
    }
    format!("{head}\n{out}")
}

fn mark(allowed: bool) -> &'static str {
    if allowed { "allow" } else { "-" }
}
