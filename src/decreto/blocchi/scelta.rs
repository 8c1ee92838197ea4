//! The rows of a block that are selected, by their texts.

use super::coda::Trovato;
use crate::{
    blocks::{
        Lotto,
        riga::{Riga, Righe},
        somme::Somme,
    },
    decreto::query::Lettura,
    error::Result,
    valori::Criterio,
};

/// The filters and the scope, as texts: ISO days compare as their days.
pub(super) struct Scelta {
    dal: Option<String>,
    al: Option<String>,
    criterio: Criterio,
    codifica: Option<String>,
    prestazioni: Option<Vec<String>>,
}

impl Scelta {
    pub(super) fn new(lettura: &Lettura) -> Self {
        let permesso = lettura.permesso();
        let filtro = permesso.selezione();
        Self {
            dal: filtro.periodo.and_then(|p| p.dal()).map(|d| d.to_string()),
            al: filtro.periodo.and_then(|p| p.al()).map(|d| d.to_string()),
            criterio: filtro
                .periodo
                .map_or_else(Criterio::default, |p| p.criterio()),
            codifica: filtro
                .codifica_sistema_unico
                .as_ref()
                .map(|c| c.as_str().to_owned()),
            prestazioni: permesso.ambito().prestazioni().testi(),
        }
    }

    /// The rows of a block that are selected; `None` where there is none.
    pub(super) fn di(&self, Trovato { voce, pezzi }: &Trovato) -> Result<Option<Lotto>> {
        let righe = pezzi.espandi(voce.byte, voce.mascherate)?;
        let lotto = |byte: Vec<u8>, somme| Lotto {
            byte: byte.into(),
            somme,
            fine: voce.fine.clone(),
        };
        if voce.intero {
            return Ok(Some(lotto(righe, voce.somme)));
        }
        let mut byte = Vec::new();
        let mut somme = Somme::default();
        let mut tutte = Righe::new(&righe);
        while let Some(row) = tutte.con_byte() {
            let (encoded, riga) = row?;
            if self.prende(&riga) {
                somme.aggiungi(&riga)?;
                byte.extend_from_slice(encoded);
            }
        }
        Ok((somme.righe > 0).then(|| lotto(byte, somme)))
    }

    /// Whether the row is selected. Other filters than these are none of a block's business.
    fn prende(&self, riga: &Riga<'_>) -> bool {
        let first = match self.criterio {
            Criterio::Sovrapposizione => riga.validita_al,
            Criterio::InizioValidita => riga.validita_dal,
        };
        self.codifica
            .as_ref()
            .is_none_or(|codifica| codifica == riga.codifica_sistema_unico)
            && self.dal.as_ref().is_none_or(|dal| first >= dal.as_str())
            && self
                .al
                .as_ref()
                .is_none_or(|al| riga.validita_dal <= al.as_str())
            && self
                .prestazioni
                .as_ref()
                .is_none_or(|codes| codes.iter().any(|c| c == riga.prestazione))
    }
}
