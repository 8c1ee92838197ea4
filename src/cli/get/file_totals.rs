//! The control totals of a download: as said before it, as said at its end, and the two compared.

use std::fmt;

use super::super::report_table::grouped;
use crate::contract::proto::{
    GetReportSinteticoResponse, RigheConfronto, TotaleReport, TotaliControllo, VoceConfronto,
};

/// Rows, and the sums of the columns that the profile sees, as the service writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileTotals {
    pub(super) righe: i64,
    figures: Vec<(&'static str, String)>,
}

impl FileTotals {
    /// Rows of a report, and its totals row.
    pub(super) fn of_report(righe: i64, totale: Option<TotaleReport>) -> Self {
        let totale = totale.unwrap_or_default();
        let figures = [
            ("totale stanziamenti", totale.totale_stanziamenti),
            ("importi autorizzati", Some(totale.importi_autorizzati)),
            ("importi erogati", Some(totale.importi_erogati)),
            ("residuo autorizzato", totale.residuo_autorizzato),
            ("residuo pagato", totale.residuo_pagato),
        ];
        Self {
            righe,
            figures: visible(figures),
        }
    }
}

impl FileTotals {
    /// Rows that are different, and the movement that they add up to.
    pub(super) fn of_differences(differenze: RigheConfronto, movimento: TotaliControllo) -> Self {
        let RigheConfronto {
            nuove,
            variate,
            cessate,
        } = differenze;
        let moved = Self::from(movimento);
        let counts = [("nuove", nuove), ("variate", variate), ("cessate", cessate)];
        let counts = counts.map(|(name, count)| (name, count.to_string()));
        Self {
            righe: nuove + variate + cessate,
            figures: counts.into_iter().chain(moved.figures).collect(),
        }
    }

    /// The same, as a comparison has it.
    pub(super) fn of_comparison(totale: VoceConfronto) -> Self {
        let moved = totale.movimento.unwrap_or_default();
        let movimento = TotaliControllo {
            righe: moved.righe,
            ore_decretate: moved.ore_decretate,
            importi_autorizzati: moved.importi_autorizzati,
            importi_erogati: moved.importi_erogati,
        };
        Self::of_differences(totale.differenze.unwrap_or_default(), movimento)
    }
}

impl From<GetReportSinteticoResponse> for FileTotals {
    fn from(report: GetReportSinteticoResponse) -> Self {
        let righe = i64::try_from(report.voci.len()).unwrap_or(i64::MAX);
        Self::of_report(righe, report.totale)
    }
}

impl From<TotaliControllo> for FileTotals {
    fn from(totali: TotaliControllo) -> Self {
        let figures = [
            ("ore decretate", Some(totali.ore_decretate)),
            ("importi autorizzati", Some(totali.importi_autorizzati)),
            ("importi erogati", Some(totali.importi_erogati)),
        ];
        Self {
            righe: totali.righe,
            figures: visible(figures),
        }
    }
}

/// Without what is absent, and what the profile does not see.
fn visible<const N: usize>(
    figures: [(&'static str, Option<String>); N],
) -> Vec<(&'static str, String)> {
    figures
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
        .collect()
}

impl fmt::Display for FileTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows", self.righe)?;
        for (name, value) in &self.figures {
            write!(f, ", {name} {}", grouped(value))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_profile_does_not_see_is_not_said() {
        let totali = TotaliControllo {
            righe: 2,
            ore_decretate: "1000.50".into(),
            importi_autorizzati: String::new(),
            importi_erogati: "0.00".into(),
        };
        let totali = FileTotals::from(totali);
        assert_eq!(
            totali.to_string(),
            "2 rows, ore decretate 1.000,50, importi erogati 0,00"
        );
        let other = FileTotals {
            righe: 3,
            ..totali.clone()
        };
        assert_ne!(totali, other);
    }
}
