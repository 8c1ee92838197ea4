//! What another policy would change.
//!
//! ```text
//! + mef-sintesi DecreeService/ListDecrees chiamata -
//! - mef-rgs DecreeService/ListDecrees filtro periodo
//! ```

use std::{collections::BTreeSet, fmt};

use super::{
    DecisionTable,
    rows::{CHIAMATA, COLONNA, FILTRO, NO_NAME},
};

/// One name that a profile would gain or lose. In order: by profile, call, tipo and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDifference {
    /// Gained, or lost.
    pub aggiunta: bool,
    /// The profile.
    pub profilo: String,
    /// The call.
    pub rpc: String,
    /// `chiamata`, `filtro` or `colonna`.
    pub tipo: &'static str,
    /// The filter or the column; `-` for the call itself.
    pub nome: String,
}

impl fmt::Display for PolicyDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.aggiunta { '+' } else { '-' };
        let Self {
            profilo,
            rpc,
            tipo,
            nome,
            ..
        } = self;
        write!(f, "{sign} {profilo} {rpc} {tipo} {nome}")
    }
}

type PermissionCell<'a> = (&'a str, &'a str, &'static str, &'a str);

/// What would change if `proposta` took the place of `present`.
#[must_use]
pub fn differences(present: &DecisionTable, proposta: &DecisionTable) -> Vec<PolicyDifference> {
    let (before, after) = (allowed_cells(present), allowed_cells(proposta));
    before
        .symmetric_difference(&after)
        .map(|&cell| {
            let (profilo, rpc, tipo, nome) = cell;
            PolicyDifference {
                aggiunta: after.contains(&cell),
                profilo: profilo.to_owned(),
                rpc: rpc.to_owned(),
                tipo,
                nome: nome.to_owned(),
            }
        })
        .collect()
}

fn allowed_cells(tabella: &DecisionTable) -> BTreeSet<PermissionCell<'_>> {
    let mut cells = BTreeSet::new();
    for profilo in tabella.profili() {
        for decisione in profilo.decisions() {
            let mut add = |tipo, nome| {
                cells.insert((profilo.name(), decisione.rpc(), tipo, nome));
            };
            add(CHIAMATA, NO_NAME);
            decisione.filtri().iter().for_each(|nome| add(FILTRO, nome));
            decisione
                .colonne()
                .iter()
                .for_each(|nome| add(COLONNA, nome));
        }
    }
    cells
}
