//! The conditions of a selection, for blocks: which may hold something, which are selected whole.

use super::block_meta::BlockMeta;
use crate::{decreto::query::DetailReader, valori::Criterio};

/// How many rows of a block are taken to cost as much as one row that an index finds: an estimate. Both ways give the same.
const ROWS_PER_LOOKUP: i64 = 7;

impl DetailReader {
    /// Whether the rows of a codifica are so few that their index is the shorter way.
    pub(super) fn is_rare(&self, voci: &[BlockMeta]) -> bool {
        let Some(codifica) = &self.selection().codifica_sistema_unico else {
            return false;
        };
        let (mut righe, mut sue) = (0, 0);
        for voce in voci {
            righe += voce.sums.righe;
            let own = voce
                .codifiche
                .iter()
                .filter(|(c, _)| c == codifica.as_str());
            sue += own.map(|(_, righe)| i64::from(*righe)).sum::<i64>();
        }
        sue * ROWS_PER_LOOKUP < righe
    }

    /// The block, where something in it may match, and whether all of it does. `in_scope`: the benefits, where not all are.
    pub(super) fn may_match(
        &self,
        voce: BlockMeta,
        in_scope: Option<&[String]>,
    ) -> Option<BlockMeta> {
        let filtro = self.permesso().selection();
        let (mut some, mut all) = (true, true);
        if let Some(periodo) = &filtro.periodo {
            let [first_min, first_max] = match periodo.criterio() {
                Criterio::Sovrapposizione => voce.validita_al,
                Criterio::InizioValidita => voce.validita_dal,
            };
            let [dal_min, dal_max] = voce.validita_dal;
            if let Some(dal) = periodo.dal() {
                some &= first_max >= dal;
                all &= first_min >= dal;
            }
            if let Some(al) = periodo.al() {
                some &= dal_min <= al;
                all &= dal_max <= al;
            }
        }
        if let Some(codifica) = &filtro.codifica_sistema_unico {
            let is = |(c, _): &(String, i32)| c == codifica.as_str();
            some &= voce.codifiche.iter().any(is);
            all &= voce.codifiche.iter().all(is);
        }
        if let Some(in_scope) = in_scope {
            some &= voce.prestazioni.iter().any(|p| in_scope.contains(p));
            all &= voce.prestazioni.iter().all(|p| in_scope.contains(p));
        }
        some.then_some(BlockMeta { whole: all, ..voce })
    }
}
