//! The figures of the report in a rilevazione, or what they moved by between two, cut to what the caller may see.

use super::history::HistoryFigures;
use crate::{
    abilitazione::Permesso,
    contract::{column::Column, proto},
    valori::Importo,
};

/// Figures, and what is left of the appropriations of those that have one: it does not follow from the sums.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TotalFigures {
    figures: HistoryFigures,
    residuo_autorizzato: Option<Importo>,
    residuo_pagato: Option<Importo>,
}

impl From<&HistoryFigures> for TotalFigures {
    fn from(figures: &HistoryFigures) -> Self {
        let left = |spent: i128| {
            let stanziati = figures.stanziati?;
            Some(stanziati - Importo::from_hundredths(spent))
        };
        Self {
            figures: *figures,
            residuo_autorizzato: left(figures.sums.importi_autorizzati),
            residuo_pagato: left(figures.sums.importi_erogati),
        }
    }
}

impl TotalFigures {
    pub(super) fn add(&mut self, more: Option<&HistoryFigures>) {
        let Some(more) = more.map(Self::from) else {
            return;
        };
        let sum = |a: Option<Importo>, b: Option<Importo>| match (a, b) {
            (Some(a), Some(b)) => Some(a + b),
            (one, other) => one.or(other),
        };
        self.figures.sums += more.figures.sums;
        self.figures.stanziati = sum(self.figures.stanziati, more.figures.stanziati);
        self.residuo_autorizzato = sum(self.residuo_autorizzato, more.residuo_autorizzato);
        self.residuo_pagato = sum(self.residuo_pagato, more.residuo_pagato);
    }
}

/// The columns that the caller sees: asked of the proof once, and not for each point.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeenFigures {
    totale_stanziamenti: bool,
    importi_autorizzati: bool,
    importi_erogati: bool,
    residuo_autorizzato: bool,
    residuo_pagato: bool,
    ore_decretate: bool,
    righe: bool,
}

impl SeenFigures {
    pub(super) fn new<F>(permesso: &Permesso<F>) -> Self {
        Self {
            totale_stanziamenti: permesso.may_see(Column::TotaleStanziamenti),
            importi_autorizzati: permesso.may_see(Column::ImportiAutorizzati),
            importi_erogati: permesso.may_see(Column::ImportiErogati),
            residuo_autorizzato: permesso.may_see(Column::ResiduoAutorizzato),
            residuo_pagato: permesso.may_see(Column::ResiduoPagato),
            ore_decretate: permesso.may_see(Column::OreDecretate),
            righe: permesso.may_see(Column::Righe),
        }
    }

    pub(super) fn figures(self, figures: &TotalFigures) -> proto::CifreStoria {
        let present = |seen: bool, importo: Option<Importo>| {
            importo.filter(|_| seen).map(|importo| importo.to_string())
        };
        let sum = |seen: bool, hundredths: i128| match seen {
            true => Importo::from_hundredths(hundredths).to_string(),
            false => String::new(),
        };
        let HistoryFigures { stanziati, sums } = figures.figures;
        proto::CifreStoria {
            totale_stanziamenti: present(self.totale_stanziamenti, stanziati),
            importi_autorizzati: sum(self.importi_autorizzati, sums.importi_autorizzati),
            importi_erogati: sum(self.importi_erogati, sums.importi_erogati),
            residuo_autorizzato: present(self.residuo_autorizzato, figures.residuo_autorizzato),
            residuo_pagato: present(self.residuo_pagato, figures.residuo_pagato),
            ore_decretate: sum(self.ore_decretate, sums.ore_decretate),
            righe: if self.righe { sums.righe } else { 0 },
        }
    }
}

impl TotalFigures {
    /// After less before. What is absent on one side has no movement.
    pub(super) fn since(&self, before: &Self) -> Self {
        let moved = |after: Option<Importo>, before: Option<Importo>| Some(after? - before?);
        Self {
            figures: HistoryFigures {
                stanziati: moved(self.figures.stanziati, before.figures.stanziati),
                sums: self.figures.sums - before.figures.sums,
            },
            residuo_autorizzato: moved(self.residuo_autorizzato, before.residuo_autorizzato),
            residuo_pagato: moved(self.residuo_pagato, before.residuo_pagato),
        }
    }
}
