//! The triangle of one call, cut to what the caller may see.

use super::{
    pair::Pair,
    ratio::Ratio,
    triangle::{Factor, Triangle},
};
use crate::{
    abilitazione::Permesso,
    contract::{column::Column, proto},
    rilevazione::{detail::sums::ControlSums, list::Rilevazione},
    valori::Importo,
};

/// The triangle as the caller gets it.
#[allow(clippy::needless_pass_by_value, reason = "a proof is spent")]
pub(super) fn tiraggio(
    triangle: &Triangle,
    permesso: Permesso<Pair>,
    rilevazione: Rilevazione,
) -> proto::GetTiraggioResponse {
    let columns = TriangleColumns::new(&permesso);
    let coorti = triangle.cohorts().map(|(month, cells)| {
        let celle = cells.iter().map(|(age, cell)| proto::CellaTiraggio {
            eta: *age,
            rilevazione: cell.rilevazione,
            cifre: Some(columns.figures(&cell.sums)),
        });
        proto::CoorteTiraggio {
            mese: month.to_string(),
            celle: celle.collect(),
        }
    });
    let fattori = triangle.factors().into_iter();
    proto::GetTiraggioResponse {
        coorti: coorti.collect(),
        fattori: fattori.map(|factor| columns.factor(factor)).collect(),
        totale: Some(columns.figures(&triangle.total)),
        rilevazione: Some(rilevazione.into()),
    }
}

/// The columns that the caller sees.
#[derive(Debug, Clone, Copy)]
pub(super) struct TriangleColumns {
    importi_autorizzati: bool,
    importi_erogati: bool,
    tiraggio: bool,
    fattore: bool,
}

impl TriangleColumns {
    pub(super) fn new<F>(permesso: &Permesso<F>) -> Self {
        Self {
            importi_autorizzati: permesso.may_see(Column::ImportiAutorizzati),
            importi_erogati: permesso.may_see(Column::ImportiErogati),
            tiraggio: permesso.may_see(Column::Tiraggio),
            fattore: permesso.may_see(Column::Fattore),
        }
    }

    pub(super) fn figures(self, sums: &ControlSums) -> proto::CifreTiraggio {
        let text = |seen: bool, cents: i128| match seen {
            true => Importo::from_hundredths(cents).to_string(),
            false => String::new(),
        };
        let tiraggio = Ratio::of(sums.importi_erogati, sums.importi_autorizzati);
        proto::CifreTiraggio {
            importi_autorizzati: text(self.importi_autorizzati, sums.importi_autorizzati),
            importi_erogati: text(self.importi_erogati, sums.importi_erogati),
            tiraggio: tiraggio.filter(|_| self.tiraggio).map(|t| t.to_string()),
        }
    }

    fn factor(self, factor: Factor) -> proto::FattoreTiraggio {
        let value = factor.value.filter(|_| self.fattore);
        proto::FattoreTiraggio {
            da_eta: factor.from_age,
            // As many as months of the calendar.
            coorti: i32::try_from(factor.cohorts).unwrap_or(i32::MAX),
            cifre: Some(proto::CifreFattore {
                fattore: value.map(|value| value.to_string()),
            }),
        }
    }
}
