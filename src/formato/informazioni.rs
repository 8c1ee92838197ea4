//! What a file says of itself: the selection, the rilevazione, the totals. In Italian, for whoever opens it.

use super::{Tabella, Tipo};
use crate::rilevazione::elenco::Rilevazione;

/// Which columns of a file the caller sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visibili {
    /// Names of columns that are empty, because the profile does not see them.
    pub nascoste: Vec<&'static str>,
    /// Whether a natural person's codice fiscale is masked.
    pub mascherate: bool,
}

/// What is known of a file once its last row is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Informazioni {
    /// What was selected: filters by their names in the contract. Without one: everything.
    pub selezione: Vec<(&'static str, String)>,
    /// What the rows belong to.
    pub rilevazione: Rilevazione,
    /// What the caller sees.
    pub visibili: Visibili,
    /// Control totals: names in the contract, decimal texts. `None`: absent, or not seen.
    pub totali: Vec<(&'static str, Option<String>)>,
}

impl Visibili {
    /// The columns of a table as `vede` says.
    #[must_use]
    pub fn of(tabella: &Tabella, vede: impl Fn(&str) -> bool) -> Self {
        let nomi = tabella.colonne.iter().map(|colonna| colonna.nome);
        Self {
            nascoste: nomi.filter(|nome| !vede(nome)).collect(),
            mascherate: tabella.colonne.iter().any(|colonna| {
                colonna.tipo == Tipo::Testo
                    && colonna.nome == "cf_azienda"
                    && vede(colonna.nome)
                    && !vede("cf_azienda.persona_fisica")
            }),
        }
    }
}
