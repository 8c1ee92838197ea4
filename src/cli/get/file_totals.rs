//! The control totals of a download of either report: as said before it, as said at its end, and the two compared.

use std::fmt;

use super::super::report_table::grouped;
use crate::contract::proto::{GetReportSinteticoResponse, TotaleReport, TotaliControllo};

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
