//! The rows of a block that are selected, by their texts.

use super::read_ahead::BlockRead;
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
    pub(super) fn new(reader: &DetailReader) -> Self {
        let permesso = reader.permesso();
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
        BlockRead { block, whole }: &BlockRead,
    ) -> Result<Option<RowBatch>> {
        let rows = block.rows()?;
        let batch = |bytes: Vec<u8>, sums| RowBatch {
            bytes: bytes.into(),
            sums,
            end: block.meta.end.clone(),
        };
        if *whole {
            return Ok(Some(batch(rows, block.meta.sums)));
        }
        let (mut bytes, mut sums) = (Vec::new(), ControlSums::default());
        let mut rows = DetailRows::new(&rows);
        while let Some(row) = rows.next_with_bytes() {
            let (encoded, row) = row?;
            if self.matches(&row) {
                sums.add(&row)?;
                bytes.extend_from_slice(encoded);
            }
        }
        Ok((sums.righe > 0).then(|| batch(bytes, sums)))
    }

    /// Whether the row is selected. Other filters than these are none of a block's business.
    fn matches(&self, row: &DetailRow<'_>) -> bool {
        let first = match self.criterio {
            Criterio::Sovrapposizione => row.validita_al,
            Criterio::InizioValidita => row.validita_dal,
        };
        self.codifica
            .as_ref()
            .is_none_or(|codifica| codifica == row.codifica_sistema_unico)
            && self.dal.as_ref().is_none_or(|dal| first >= dal.as_str())
            && self
                .al
                .as_ref()
                .is_none_or(|al| row.validita_dal <= al.as_str())
            && self
                .prestazioni
                .as_ref()
                .is_none_or(|codes| codes.iter().any(|c| c == row.prestazione))
    }
}
