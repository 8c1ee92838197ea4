//! What each column of the detail is, for the person who opens a file of it: in Italian, as Messaggio 4648/2023 has it.

use crate::contract::column::Column;

/// One column of the detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GlossaryEntry {
    /// Which it is.
    pub column: Column,
    /// What its values are counted in: `EUR` or `h` (hours); `None`: they are no quantity.
    pub unit: Option<&'static str>,
    /// What it means, in Italian.
    pub description: &'static str,
}

const fn entry(
    column: Column,
    unit: Option<&'static str>,
    description: &'static str,
) -> GlossaryEntry {
    GlossaryEntry {
        column,
        unit,
        description,
    }
}

/// The columns of the detail, in the order of [`super::detail_row::DETAIL_COLUMNS`].
pub const DETAIL_GLOSSARY: [GlossaryEntry; 11] = [
    entry(Column::Prestazione, None, "Codice della prestazione."),
    entry(
        Column::CodificaSistemaUnico,
        None,
        "Codifica del Sistema UNICO INPS: codice intervento e codice evento.",
    ),
    entry(
        Column::NumeroDecreto,
        None,
        "Numero del decreto ministeriale; lo identifica insieme alla data.",
    ),
    entry(Column::DataDecreto, None, "Data del decreto ministeriale."),
    entry(
        Column::ValiditaDal,
        None,
        "Primo giorno di validità, compreso.",
    ),
    entry(
        Column::ValiditaAl,
        None,
        "Ultimo giorno di validità, compreso.",
    ),
    entry(
        Column::CfAzienda,
        None,
        "Codice fiscale dell'azienda. Sedici asterischi: è di una persona fisica e il profilo non lo vede.",
    ),
    entry(
        Column::MatricolaAzienda,
        None,
        "Matricola INPS dell'azienda.",
    ),
    entry(
        Column::OreDecretate,
        Some("h"),
        "Ore decretate, con due decimali.",
    ),
    entry(
        Column::ImportiAutorizzati,
        Some("EUR"),
        "Importi autorizzati, in euro.",
    ),
    entry(
        Column::ImportiErogati,
        Some("EUR"),
        "Importi erogati, in euro.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::detail_row::DETAIL_COLUMNS;

    #[test]
    fn every_column_in_order() {
        assert_eq!(DETAIL_GLOSSARY.map(|entry| entry.column), DETAIL_COLUMNS);
    }
}
