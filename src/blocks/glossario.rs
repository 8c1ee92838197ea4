//! What each column of the detail is, for the person who opens a file of it: in Italian, as Messaggio 4648/2023 has it.

/// One column of the detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voce {
    /// Its name in the contract.
    pub colonna: &'static str,
    /// What its values are counted in: `EUR` or `h` (hours); `None`: they are no quantity.
    pub unita: Option<&'static str>,
    /// What it means, in Italian.
    pub descrizione: &'static str,
}

const fn voce(
    colonna: &'static str,
    unita: Option<&'static str>,
    descrizione: &'static str,
) -> Voce {
    Voce {
        colonna,
        unita,
        descrizione,
    }
}

/// The columns of the detail, in the order of [`super::riga::COLONNE`].
pub const DETTAGLIO: [Voce; 11] = [
    voce("prestazione", None, "Codice della prestazione."),
    voce(
        "codifica_sistema_unico",
        None,
        "Codifica del Sistema UNICO INPS: codice intervento e codice evento.",
    ),
    voce(
        "numero_decreto",
        None,
        "Numero del decreto ministeriale; lo identifica insieme alla data.",
    ),
    voce("data_decreto", None, "Data del decreto ministeriale."),
    voce("validita_dal", None, "Primo giorno di validità, compreso."),
    voce("validita_al", None, "Ultimo giorno di validità, compreso."),
    voce(
        "cf_azienda",
        None,
        "Codice fiscale dell'azienda. Sedici asterischi: è di una persona fisica e il profilo non lo vede.",
    ),
    voce("matricola_azienda", None, "Matricola INPS dell'azienda."),
    voce(
        "ore_decretate",
        Some("h"),
        "Ore decretate, con due decimali.",
    ),
    voce(
        "importi_autorizzati",
        Some("EUR"),
        "Importi autorizzati, in euro.",
    ),
    voce("importi_erogati", Some("EUR"), "Importi erogati, in euro."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::riga::COLONNE;

    #[test]
    fn every_column_in_order() {
        assert_eq!(DETTAGLIO.map(|voce| voce.colonna), COLONNE);
    }
}
