//! The report sintetico as an aligned table in the terminal.

use comfy_table::{Cell, CellAlignment, Table, presets::UTF8_FULL_CONDENSED};

use crate::contract::proto::GetReportSinteticoResponse;

const HEADER: [&str; 7] = [
    "normativa",
    "prestazione",
    "totale stanziamenti",
    "importi autorizzati",
    "importi erogati",
    "residuo autorizzato",
    "residuo pagato",
];

/// The table of an answer: voci, then the totals row. Absent figures are a dash.
#[must_use]
pub(super) fn table(report: &GetReportSinteticoResponse) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(HEADER);
    for voce in &report.voci {
        table.add_row(row(
            &voce.normativa,
            &voce.prestazione,
            [
                voce.totale_stanziamenti.as_deref(),
                Some(&voce.importi_autorizzati),
                Some(&voce.importi_erogati),
                voce.residuo_autorizzato.as_deref(),
                voce.residuo_pagato.as_deref(),
            ],
        ));
    }
    if let Some(totale) = &report.totale {
        table.add_row(row(
            "totale",
            "",
            [
                totale.totale_stanziamenti.as_deref(),
                Some(&totale.importi_autorizzati),
                Some(&totale.importi_erogati),
                totale.residuo_autorizzato.as_deref(),
                totale.residuo_pagato.as_deref(),
            ],
        ));
    }
    table.to_string()
}

fn row(normativa: &str, prestazione: &str, figures: [Option<&str>; 5]) -> Vec<Cell> {
    let mut cells = vec![Cell::new(normativa), Cell::new(prestazione)];
    cells.extend(figures.map(|importo| {
        Cell::new(grouped(importo.unwrap_or("—"))).set_alignment(CellAlignment::Right)
    }));
    cells
}

/// "1234567.80" as "1.234.567,80", the way an Italian reader expects it.
pub(super) fn grouped(importo: &str) -> String {
    let Some((whole, cents)) = importo.split_once('.') else {
        return importo.to_owned();
    };
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", whole),
    };
    let mut text = sign.to_owned();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push('.');
        }
        text.push(digit);
    }
    text + "," + cents
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::proto::{TotaleReport, VoceReport};

    #[test]
    fn groups_of_three() {
        for (given, shown) in [
            ("0.00", "0,00"),
            ("999.10", "999,10"),
            ("1000.00", "1.000,00"),
            ("-1234567.80", "-1.234.567,80"),
            ("-100.00", "-100,00"),
            ("—", "—"),
        ] {
            assert_eq!(grouped(given), shown);
        }
    }

    #[test]
    fn absent_is_not_zero() {
        let report = GetReportSinteticoResponse {
            voci: vec![VoceReport {
                normativa: "N".into(),
                prestazione: "CIGS".into(),
                importi_autorizzati: "1000.00".into(),
                importi_erogati: "0.00".into(),
                ..Default::default()
            }],
            totale: Some(TotaleReport {
                importi_autorizzati: "1000.00".into(),
                importi_erogati: "0.00".into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let text = table(&report);
        assert_eq!(text.matches('—').count(), 6, "{text}");
        let widths: std::collections::HashSet<_> =
            text.lines().map(|l| l.chars().count()).collect();
        assert_eq!(widths.len(), 1, "aligned:\n{text}");
    }
}
