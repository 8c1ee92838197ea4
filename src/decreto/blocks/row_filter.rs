//! The rows of a block that are selected, by their texts.

use super::prefetcher::FetchedBlock;
use crate::{
    blocks::{
        RowBatch,
        detail_row::{DetailRow, DetailRows},
        sums::ControlSums,
    },
    decreto::query::DetailReader,
    error::Result,
    valori::Criterio,
};

/// The filters and the scope, as texts: ISO days compare as their days.
pub(super) struct RowFilter {
    dal: Option<String>,
    al: Option<String>,
    criterio: Criterio,
    codifica: Option<String>,
    prestazioni: Option<Vec<String>>,
}

impl RowFilter {
    pub(super) fn new(lettura: &DetailReader) -> Self {
        let permesso = lettura.permesso();
        let filtro = permesso.selection();
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
            prestazioni: permesso.ambito().prestazioni().texts(),
        }
    }

    /// The rows of a block that are selected; `None` where there is none.
    pub(super) fn select(
        &self,
        FetchedBlock {
            meta: voce,
            chunks: pezzi,
        }: &FetchedBlock,
    ) -> Result<Option<RowBatch>> {
        let righe = pezzi.expand(voce.rows_len, voce.masked)?;
        let lotto = |byte: Vec<u8>, somme| RowBatch {
            bytes: byte.into(),
            sums: somme,
            end: voce.end.clone(),
        };
        if voce.whole {
            return Ok(Some(lotto(righe, voce.sums)));
        }
        let mut byte = Vec::new();
        let mut somme = ControlSums::default();
        let mut tutte = DetailRows::new(&righe);
        while let Some(row) = tutte.next_with_bytes() {
            let (encoded, riga) = row?;
            if self.matches(&riga) {
                somme.add(&riga)?;
                byte.extend_from_slice(encoded);
            }
        }
        Ok((somme.righe > 0).then(|| lotto(byte, somme)))
    }

    /// Whether the row is selected. Other filters than these are none of a block's business.
    fn matches(&self, riga: &DetailRow<'_>) -> bool {
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
