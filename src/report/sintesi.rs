//! The report of one call: the figures of a rilevazione, cut to what the caller may see.

use super::{
    filtro::FiltroReport,
    prefix_sums::{PairSums, PrefixSums},
};
use crate::{
    abilitazione::Permesso,
    contract::column::Column,
    valori::{Importo, Periodo, TipiStanziamento},
};

/// One line of the report. `None`: absent, or a column that the caller does not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SintesiRow {
    /// Norm.
    pub normativa: Option<String>,
    /// Benefit.
    pub prestazione: Option<String>,
    /// The figures.
    pub figures: ReportFigures,
    /// Whether `totale_stanziamenti` caps or foresees.
    pub tipo_stanziamento: Option<TipiStanziamento>,
}

/// The five figures of a voce or of the totals row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportFigures {
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
    pub voci: Vec<SintesiRow>,
    /// Each column added up over the voci that have it.
    pub totale: ReportFigures,
}

/// The columns that the caller sees: asked of the proof once, and not for each voce.
#[derive(Debug, Clone, Copy)]
struct SeenColumns {
    normativa: bool,
    prestazione: bool,
    totale_stanziamenti: bool,
    importi_autorizzati: bool,
    importi_erogati: bool,
    residuo_autorizzato: bool,
    residuo_pagato: bool,
    tipo_stanziamento: bool,
}

impl SeenColumns {
    fn new(permesso: &Permesso<FiltroReport>) -> Self {
        Self {
            normativa: permesso.may_see(Column::Normativa),
            prestazione: permesso.may_see(Column::Prestazione),
            totale_stanziamenti: permesso.may_see(Column::TotaleStanziamenti),
            importi_autorizzati: permesso.may_see(Column::ImportiAutorizzati),
            importi_erogati: permesso.may_see(Column::ImportiErogati),
            residuo_autorizzato: permesso.may_see(Column::ResiduoAutorizzato),
            residuo_pagato: permesso.may_see(Column::ResiduoPagato),
            tipo_stanziamento: permesso.may_see(Column::TipoStanziamento),
        }
    }
}

/// The report on a rilevazione. What lies outside the scope is not looked at; a column that the caller does not see is
/// absent.
#[must_use]
#[allow(clippy::needless_pass_by_value, reason = "a proof is spent")]
pub fn sintesi(cumuli: &PrefixSums, permesso: Permesso<FiltroReport>) -> Sintesi {
    let (ambito, viste) = (permesso.ambito(), SeenColumns::new(&permesso));
    let periodo = permesso.selection().periodo.as_ref();
    let voci: Vec<SintesiRow> = cumuli
        .pairs()
        .iter()
        .filter(|pair| ambito.contains(&pair.normativa, &pair.prestazione))
        .map(|pair| row(pair, periodo, viste))
        .collect();
    let totale = totale(&voci, viste);
    Sintesi { voci, totale }
}

/// The periodo narrows what is summed, and not which pairs are listed.
fn row(pair: &PairSums, periodo: Option<&Periodo>, viste: SeenColumns) -> SintesiRow {
    let importi = pair.importi(periodo);
    let stanziati = pair.totale_stanziamenti(periodo);
    let residuo = |speso: Importo| stanziati.map(|stanziati| stanziati - speso);
    SintesiRow {
        normativa: viste.normativa.then(|| pair.normativa.to_string()),
        prestazione: viste.prestazione.then(|| pair.prestazione.to_string()),
        figures: ReportFigures {
            totale_stanziamenti: stanziati.filter(|_| viste.totale_stanziamenti),
            importi_autorizzati: viste.importi_autorizzati.then_some(importi.autorizzati),
            importi_erogati: viste.importi_erogati.then_some(importi.erogati),
            residuo_autorizzato: residuo(importi.autorizzati).filter(|_| viste.residuo_autorizzato),
            residuo_pagato: residuo(importi.erogati).filter(|_| viste.residuo_pagato),
        },
        tipo_stanziamento: pair
            .tipi_stanziamento(periodo)
            .filter(|_| viste.tipo_stanziamento),
    }
}

/// What is authorised and paid is a sum, and the sum of no voci is zero. An appropriation that no voce has is absent.
fn totale(voci: &[SintesiRow], viste: SeenColumns) -> ReportFigures {
    let sum = |column: fn(&ReportFigures) -> Option<Importo>| {
        voci.iter()
            .filter_map(|voce| column(&voce.figures))
            .reduce(|sum, importo| sum + importo)
    };
    let zero = |vista: bool| vista.then(Importo::default);
    ReportFigures {
        totale_stanziamenti: sum(|c| c.totale_stanziamenti),
        importi_autorizzati: sum(|c| c.importi_autorizzati)
            .or_else(|| zero(viste.importi_autorizzati)),
        importi_erogati: sum(|c| c.importi_erogati).or_else(|| zero(viste.importi_erogati)),
        residuo_autorizzato: sum(|c| c.residuo_autorizzato),
        residuo_pagato: sum(|c| c.residuo_pagato),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        report::prefix_sums::{DayImporti, Importi, Stanziamento},
        valori::{CodiceNormativa, CodicePrestazione, TipoStanziamento, parse_date},
    };

    fn importo(text: &str) -> Importo {
        Importo::parse(text).unwrap()
    }

    fn pair() -> PairSums {
        let mut pair = PairSums::new(
            CodiceNormativa::parse("DL109-2018-ART44").unwrap(),
            CodicePrestazione::parse("CIGS").unwrap(),
        );
        let importi = Importi {
            autorizzati: importo("12000000.00"),
            erogati: importo("7500000.00"),
        };
        pair.add_day(DayImporti {
            day: parse_date("2023-03-01").unwrap(),
            starting: importi,
            ending: importi,
        });
        pair.add_stanziamento(Stanziamento {
            anno: 2023,
            importo: importo("50000000.00"),
            tipo: TipoStanziamento::Previsione,
        });
        pair
    }

    const ALL_COLUMNS: SeenColumns = SeenColumns {
        normativa: true,
        prestazione: true,
        totale_stanziamenti: true,
        importi_autorizzati: true,
        importi_erogati: true,
        residuo_autorizzato: true,
        residuo_pagato: true,
        tipo_stanziamento: true,
    };

    /// Each column that is there, in the order of the contract.
    fn told(cifre: &ReportFigures) -> [Option<String>; 5] {
        [
            cifre.totale_stanziamenti,
            cifre.importi_autorizzati,
            cifre.importi_erogati,
            cifre.residuo_autorizzato,
            cifre.residuo_pagato,
        ]
        .map(|importo| importo.map(|importo| importo.to_string()))
    }

    #[test]
    fn a_column_that_is_not_seen_is_in_no_voce_and_in_no_total() {
        let whole = [
            "50000000.00",
            "12000000.00",
            "7500000.00",
            "38000000.00",
            "42500000.00",
        ];
        let hide: [fn(&mut SeenColumns); 5] = [
            |v| v.totale_stanziamenti = false,
            |v| v.importi_autorizzati = false,
            |v| v.importi_erogati = false,
            |v| v.residuo_autorizzato = false,
            |v| v.residuo_pagato = false,
        ];
        for (hidden, hide) in hide.iter().enumerate() {
            let mut viste = ALL_COLUMNS;
            hide(&mut viste);
            let mut expected = whole.map(|text| Some(text.to_owned()));
            expected[hidden] = None;
            let voce = row(&pair(), None, viste);
            assert_eq!(told(&voce.figures), expected);
            assert_eq!(told(&totale(&[voce], viste)), expected);
            // Nor is there a zero that says that it would be there.
            let nothing = told(&totale(&[], viste));
            assert!(nothing[hidden].is_none());
        }
        let tipo = row(&pair(), None, ALL_COLUMNS).tipo_stanziamento;
        let previsione = TipiStanziamento::Solo(TipoStanziamento::Previsione);
        assert_eq!(tipo, Some(previsione));
        let senza_codici = SeenColumns {
            normativa: false,
            prestazione: false,
            tipo_stanziamento: false,
            ..ALL_COLUMNS
        };
        let voce = row(&pair(), None, senza_codici);
        assert_eq!((voce.normativa, voce.prestazione), (None, None));
        assert_eq!(voce.tipo_stanziamento, None);
    }
}
