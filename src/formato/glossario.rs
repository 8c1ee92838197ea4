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

/// The columns of the detail, in the order of [`crate::lotto::riga::COLONNE`].
pub const DETTAGLIO: [Voce; 11] = [
    voce("prestazione", None, "Codice della prestazione"),
    voce(
        "codifica_sistema_unico",
        None,
        "Codifica INPS Sistema UNICO: codice intervento e codice evento",
    ),
    voce("numero_decreto", None, "Numero del decreto ministeriale"),
    voce("data_decreto", None, "Data del decreto ministeriale"),
    voce(
        "validita_dal",
        None,
        "Primo giorno del periodo di validità, compreso",
    ),
    voce(
        "validita_al",
        None,
        "Ultimo giorno del periodo di validità, compreso",
    ),
    voce(
        "cf_azienda",
        None,
        "Codice fiscale dell'azienda; sedici asterischi per la persona fisica che il profilo non può vedere",
    ),
    voce("matricola_azienda", None, "Matricola INPS dell'azienda"),
    voce("ore_decretate", Some("h"), "Ore decretate"),
    voce("importi_autorizzati", Some("EUR"), "Importi autorizzati"),
    voce("importi_erogati", Some("EUR"), "Importi erogati"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lotto::riga::COLONNE;

    #[test]
    fn every_column_in_order() {
        assert_eq!(DETTAGLIO.map(|voce| voce.colonna), COLONNE);
    }
}
