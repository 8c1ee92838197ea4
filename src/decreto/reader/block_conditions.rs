//! The conditions of a selection, for blocks: which may hold something, which are selected whole.

use super::block_range::SelectedBlock;
use crate::{blocks::stored::BlockMeta, decreto::query::DetailReader, valori::Criterio};

/// How many rows of a block are taken to cost as much as one row that an index finds: an estimate. Both ways give the same.
const ROWS_PER_LOOKUP: i64 = 7;

impl DetailReader {
    /// Whether the rows of a codifica are so few that their index is the shorter way.
    pub(super) fn is_rare(&self, blocks: &[SelectedBlock]) -> bool {
        let Some(codifica) = &self.selection().codifica_sistema_unico else {
            return false;
        };
        let (mut all, mut own) = (0, 0);
        for SelectedBlock { meta, .. } in blocks {
            all += meta.sums.righe;
            let codifiche = meta.codifiche.iter();
            let found = codifiche.filter(|(code, _)| code == codifica.as_str());
            own += found.map(|(_, rows)| i64::from(*rows)).sum::<i64>();
        }
        own * ROWS_PER_LOOKUP < all
    }

    /// The block, where something in it may match, and whether all of it does. `in_scope`: the benefits, where not all are.
    pub(super) fn may_match(
        &self,
        block: BlockMeta,
        in_scope: Option<&[String]>,
    ) -> Option<SelectedBlock> {
        let filtro = self.permesso().selection();
        let (mut some, mut all) = (true, true);
        if let Some(periodo) = &filtro.periodo {
            let [first_min, first_max] = match periodo.criterio() {
                Criterio::Sovrapposizione => block.validita_al,
                Criterio::InizioValidita => block.validita_dal,
            };
            let [from_min, dal_max] = block.validita_dal;
            if let Some(dal) = periodo.dal() {
                some &= first_max >= dal;
                all &= first_min >= dal;
            }
            if let Some(al) = periodo.al() {
                some &= from_min <= al;
                all &= dal_max <= al;
            }
        }
        if let Some(codifica) = &filtro.codifica_sistema_unico {
            let is = |(c, _): &(String, i32)| c == codifica.as_str();
            some &= block.codifiche.iter().any(is);
            all &= block.codifiche.iter().all(is);
        }
        if let Some(in_scope) = in_scope {
            some &= block.prestazioni.iter().any(|p| in_scope.contains(p));
            all &= block.prestazioni.iter().all(|p| in_scope.contains(p));
        }
        some.then_some(SelectedBlock {
            meta: block,
            whole: all,
        })
    }
}
