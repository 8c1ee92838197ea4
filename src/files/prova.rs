//! A small table for the tests of the formats.

use super::{Colonna, Informazioni, Tabella, Tipo, Visibili};
use crate::rilevazione::elenco::Rilevazione;

pub(super) static TABELLA: Tabella = Tabella {
    titolo: "Una prova & altro",
    nome: "prova",
    colonne: &[
        Colonna {
            nome: "testo",
            tipo: Tipo::Testo,
            glossario: "Un testo.",
        },
        Colonna {
            nome: "giorno",
            tipo: Tipo::Data,
            glossario: "Un giorno.",
        },
        Colonna {
            nome: "importo",
            tipo: Tipo::Numero,
            glossario: "Un importo, in euro.",
        },
    ],
};

pub(super) fn informazioni() -> Informazioni {
    Informazioni {
        selezione: vec![("normativa", "A".to_owned())],
        rilevazione: Rilevazione {
            numero: 7,
            data_riferimento: "2023-12-31".parse().unwrap(),
            caricata_il: "2024-01-15T08:30:00.123456Z".parse().unwrap(),
            ritirata_il: None,
        },
        visibili: Visibili::default(),
        totali: vec![("righe", Some("3".to_owned())), ("importo", None)],
    }
}
