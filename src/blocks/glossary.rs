//! What each column of the detail is, for the person who opens a file of it: in Italian, as Messaggio 4648/2023 has it.

/// One column of the detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GlossaryEntry {
    /// Its name in the contract.
    pub column: &'static str,
    /// What its values are counted in: `EUR` or `h` (hours); `None`: they are no quantity.
    pub unit: Option<&'static str>,
    /// What it means, in Italian.
    pub description: &'static str,
}

const fn entry(
    colonna: &'static str,
    unita: Option<&'static str>,
    descrizione: &'static str,
) -> GlossaryEntry {
    GlossaryEntry {
        column: colonna,
        unit: unita,
        description: descrizione,
    }
}

/// The columns of the detail, in the order of [`super::detail_row::DETAIL_COLUMNS`].
pub const DETAIL_GLOSSARY: [GlossaryEntry; 11] = [
    entry("prestazione", None, "Codice della prestazione."),
    entry(
        "codifica_sistema_unico",
        None,
        "Codifica del Sistema UNICO INPS: codice intervento e codice evento.",
    ),
    entry(
        "numero_decreto",
        None,
        "Numero del decreto ministeriale; lo identifica insieme alla data.",
    ),
    entry("data_decreto", None, "Data del decreto ministeriale."),
    entry("validita_dal", None, "Primo giorno di validità, compreso."),
    entry("validita_al", None, "Ultimo giorno di validità, compreso."),
    entry(
        "cf_azienda",
        None,
        "Codice fiscale dell'azienda. Sedici asterischi: è di una persona fisica e il profilo non lo vede.",
    ),
    entry("matricola_azienda", None, "Matricola INPS dell'azienda."),
    entry(
        "ore_decretate",
        Some("h"),
        "Ore decretate, con due decimali.",
    ),
    entry(
        "importi_autorizzati",
        Some("EUR"),
        "Importi autorizzati, in euro.",
    ),
    entry("importi_erogati", Some("EUR"), "Importi erogati, in euro."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::detail_row::DETAIL_COLUMNS;

    #[test]
    fn every_column_in_order() {
        assert_eq!(DETAIL_GLOSSARY.map(|voce| voce.column), DETAIL_COLUMNS);
    }
}
