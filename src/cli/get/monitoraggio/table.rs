//! An answer in the terminal: its table, what is to be said of it, its curve, what it is of.

use comfy_table::{Cell, CellAlignment, Table, presets::UTF8_FULL_CONDENSED};

use super::answer::AnswerTable;
use crate::{
    cli::{get::manifest::PinnedRilevazione, report_table::grouped},
    contract::column::Column,
};

/// All that is printed, in this order; the last line says what it is of.
pub(super) fn printed(answer: &AnswerTable, draws: bool) -> String {
    let mut parts = vec![table(answer)];
    parts.extend(
        answer
            .sentences
            .iter()
            .map(|(_, sentence)| sentence.clone()),
    );
    let curve = answer.curve.as_ref().filter(|_| draws);
    parts.extend(curve.map(|curve| format!("\n{curve}\n")));
    if !answer.hidden.is_empty() {
        let names: Vec<String> = answer.hidden.iter().map(|name| shown(name, " ")).collect();
        parts.push(format!(
            "Il profilo del richiedente non vede: {}.",
            names.join(", ")
        ));
    }
    parts.push(origin(answer));
    parts.join("\n")
}

/// What it was computed on, and in what it is measured.
pub(super) fn origin(answer: &AnswerTable) -> String {
    let rilevazione = PinnedRilevazione::from(&answer.rilevazione);
    let before = answer.before.as_ref().map(PinnedRilevazione::from);
    let before = before.map_or_else(String::new, |before| format!("{before}; then "));
    let unit = match answer.shows(Column::OreDecretate.name()) {
        true => "euro and hours",
        false => "euro",
    };
    format!("{before}{rilevazione}, {unit}")
}

fn shown(name: &str, between: &str) -> String {
    name.replace('_', between)
}

/// The rows, then the totals. A figure that is absent is a dash; a column that the caller does not see is left out.
fn table(answer: &AnswerTable) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    let columns: Vec<_> = answer
        .table
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| !answer.hidden.contains(&column.name))
        .collect();
    // A word a line: the figures need less room than their names.
    table.set_header(columns.iter().map(|(_, column)| shown(column.name, "\n")));
    let rows = answer.rows.iter().map(|row| (row, "—"));
    let totals = answer.total_rows.iter().map(|row| (row, ""));
    for (row, absent_text) in rows.chain(totals) {
        let cells = columns.iter().map(|(at, column)| {
            let text = row.get(*at).map(String::as_str).unwrap_or_default();
            let is_number = column.cell_type.decimals().is_some();
            match (is_number, text) {
                (true, "") => Cell::new("—").set_alignment(CellAlignment::Right),
                (true, text) => Cell::new(grouped(text)).set_alignment(CellAlignment::Right),
                (false, "") => Cell::new(absent_text),
                (false, text) => Cell::new(text),
            }
        });
        table.add_row(cells);
    }
    table.to_string()
}
