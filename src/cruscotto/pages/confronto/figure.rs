//! A figure of a comparison as it is shown: before, its movement, after.

use crate::{contract::proto::CifreStoria, cruscotto::format};

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Rows,
    Hours,
    Euro,
}

/// A figure that is compared: its name in the contract, its heading, its unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct ComparedColumn {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    pub(super) unit: Unit,
}

impl ComparedColumn {
    const fn new(name: &'static str, text: &'static str, unit: Unit) -> Self {
        Self { name, text, unit }
    }
}

/// In the order of the pages.
pub(super) const COLUMNS: [ComparedColumn; 7] = [
    ComparedColumn::new("totale_stanziamenti", "Totale stanziamenti", Unit::Euro),
    ComparedColumn::new("importi_autorizzati", "Importi autorizzati", Unit::Euro),
    ComparedColumn::new("importi_erogati", "Importi erogati", Unit::Euro),
    ComparedColumn::new("residuo_autorizzato", "Residuo autorizzato", Unit::Euro),
    ComparedColumn::new("residuo_pagato", "Residuo pagato", Unit::Euro),
    ComparedColumn::new("righe", "Righe", Unit::Rows),
    ComparedColumn::new("ore_decretate", "Ore decretate", Unit::Hours),
];

/// A figure in its cell. Absent is not zero.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ComparedFigure {
    pub(super) text: String,
    pub(super) is_absent: bool,
    /// How it looks. The sign says it too, so nothing is said by colour alone.
    pub(super) class: &'static str,
}

impl ComparedFigure {
    /// How a figure stands, before or after.
    pub(super) fn standing(cifre: &CifreStoria, column: ComparedColumn) -> Self {
        let value = value(cifre, column.name);
        Self {
            text: written(&value, column.unit),
            is_absent: value.is_empty(),
            class: match value.starts_with('-') {
                true => "negative",
                false => "",
            },
        }
    }

    /// How much a figure moved, with its sign: of zero there is none.
    pub(super) fn moved(cifre: &CifreStoria, column: ComparedColumn) -> Self {
        let value = value(cifre, column.name);
        let is_still = !value.contains(|digit| matches!(digit, '1'..='9'));
        let text = written(&value, column.unit);
        let (text, class) = match (is_still, value.starts_with('-')) {
            (true, _) => (text, "still"),
            (false, true) => (text, "down"),
            (false, false) => (format!("+{text}"), "up"),
        };
        Self {
            text,
            is_absent: value.is_empty(),
            class,
        }
    }
}

/// The comparison says it by this name. An empty text: it is absent.
fn value(cifre: &CifreStoria, name: &str) -> String {
    let absent = String::new;
    match name {
        "totale_stanziamenti" => cifre.totale_stanziamenti.clone().unwrap_or_else(absent),
        "importi_autorizzati" => cifre.importi_autorizzati.clone(),
        "importi_erogati" => cifre.importi_erogati.clone(),
        "residuo_autorizzato" => cifre.residuo_autorizzato.clone().unwrap_or_else(absent),
        "residuo_pagato" => cifre.residuo_pagato.clone().unwrap_or_else(absent),
        "ore_decretate" => cifre.ore_decretate.clone(),
        "righe" => cifre.righe.to_string(),
        _ => absent(),
    }
}

fn written(value: &str, unit: Unit) -> String {
    match unit {
        Unit::Euro => format::euro(value),
        Unit::Rows | Unit::Hours => format::number(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_movement_has_a_sign() {
        let column = |name: &str| *COLUMNS.iter().find(|column| column.name == name).unwrap();
        let cifre = CifreStoria {
            importi_autorizzati: "1234.50".to_owned(),
            importi_erogati: "-0.05".to_owned(),
            residuo_pagato: Some("0.00".to_owned()),
            righe: 3,
            ..CifreStoria::default()
        };
        for (name, text, class) in [
            ("importi_autorizzati", "+1.234,50\u{a0}€", "up"),
            ("importi_erogati", "−0,05\u{a0}€", "down"),
            ("residuo_pagato", "0,00\u{a0}€", "still"),
            ("righe", "+3", "up"),
        ] {
            let moved = ComparedFigure::moved(&cifre, column(name));
            assert_eq!((&*moved.text, moved.class), (text, class));
        }
        let absent = ComparedFigure::moved(&cifre, column("totale_stanziamenti"));
        assert!(absent.is_absent);
        let below = ComparedFigure::standing(&cifre, column("importi_erogati"));
        assert_eq!((&*below.text, below.class), ("−0,05\u{a0}€", "negative"));
    }
}
