//! The report of one call: the figures of a rilevazione, cut to what the caller may see.

use super::{
    cumuli::{Coppia, Cumuli},
    filtro::FiltroReport,
};
use crate::{abilitazione::Permesso, valori::Importo};

/// One line of the report. `None`: absent, or a column that the caller does not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voce {
    /// Norm.
    pub normativa: Option<String>,
    /// Benefit.
    pub prestazione: Option<String>,
    /// The figures.
    pub cifre: Cifre,
}

/// The five figures of a voce or of the totals row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cifre {
    /// Appropriations; absent where there is none.
    pub totale_stanziamenti: Option<Importo>,
    /// Authorised.
    pub importi_autorizzati: Option<Importo>,
    /// Paid.
    pub importi_erogati: Option<Importo>,
    /// Appropriated less authorised; absent where nothing is appropriated.
    pub residuo_autorizzato: Option<Importo>,
    /// Appropriated less paid; absent where nothing is appropriated.
    pub residuo_pagato: Option<Importo>,
}

/// The report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sintesi {
    /// By norm and benefit.
    pub voci: Vec<Voce>,
    /// Each column added up over the voci that have it.
    pub totale: Cifre,
}

/// The report on a rilevazione. What lies outside the scope is not looked at; a column that the caller does not see is not
/// computed.
#[must_use]
#[allow(clippy::needless_pass_by_value, reason = "a proof is spent")]
pub fn sintesi(cumuli: &Cumuli, permesso: Permesso<FiltroReport>) -> Sintesi {
    let voci: Vec<Voce> = cumuli
        .coppie()
        .iter()
        .filter(|coppia| {
            permesso
                .ambito()
                .contiene(&coppia.normativa, &coppia.prestazione)
        })
        .map(|coppia| voce(coppia, &permesso))
        .collect();
    let totale = totale(&voci, |colonna| permesso.vede(colonna));
    Sintesi { voci, totale }
}

/// The periodo narrows what is summed, and not which pairs are listed.
fn voce(coppia: &Coppia, permesso: &Permesso<FiltroReport>) -> Voce {
    let periodo = permesso.selezione().periodo.as_ref();
    let vede = |colonna: &str| permesso.vede(colonna);
    let importi = coppia.importi(periodo);
    let stanziati = coppia.stanziati(periodo);
    let residuo = |speso: Importo| stanziati.map(|stanziati| stanziati - speso);
    Voce {
        normativa: vede("normativa").then(|| coppia.normativa.to_string()),
        prestazione: vede("prestazione").then(|| coppia.prestazione.to_string()),
        cifre: Cifre {
            totale_stanziamenti: stanziati.filter(|_| vede("totale_stanziamenti")),
            importi_autorizzati: vede("importi_autorizzati").then_some(importi.autorizzati),
            importi_erogati: vede("importi_erogati").then_some(importi.erogati),
            residuo_autorizzato: residuo(importi.autorizzati)
                .filter(|_| vede("residuo_autorizzato")),
            residuo_pagato: residuo(importi.erogati).filter(|_| vede("residuo_pagato")),
        },
    }
}

/// What is authorised and paid is a sum, and the sum of no voci is zero. An appropriation that no voce has is absent.
fn totale(voci: &[Voce], vede: impl Fn(&str) -> bool) -> Cifre {
    let sum = |column: fn(&Cifre) -> Option<Importo>| {
        voci.iter()
            .filter_map(|voce| column(&voce.cifre))
            .reduce(|sum, importo| sum + importo)
    };
    let zero = |colonna: &str| vede(colonna).then(Importo::default);
    Cifre {
        totale_stanziamenti: sum(|c| c.totale_stanziamenti),
        importi_autorizzati: sum(|c| c.importi_autorizzati).or_else(|| zero("importi_autorizzati")),
        importi_erogati: sum(|c| c.importi_erogati).or_else(|| zero("importi_erogati")),
        residuo_autorizzato: sum(|c| c.residuo_autorizzato),
        residuo_pagato: sum(|c| c.residuo_pagato),
    }
}
