//! Whether an agreement fits under the caps of its years.

use std::sync::Arc;

use super::{
    agreement::Agreement,
    proiezione::{Projection, method, stanziamento},
    tiraggio::TriangleColumns,
    triangle::Triangle,
};
use crate::{
    abilitazione::Permesso,
    contract::{column::Column, proto},
    rilevazione::list::Rilevazione,
    valori::Importo,
};

/// Whether it fits, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    DoesNot,
    NoCap,
    TodayOnly,
    TodayAtLeast,
    Does,
}

/// A year of the agreement, in cents.
#[derive(Debug, Clone, Copy)]
struct YearFit {
    agreement: i128,
    known: i128,
    left_today: Option<i128>,
    expected: Option<i128>,
    left_in_prospect: Option<i128>,
    fit: Fit,
}

impl YearFit {
    fn of(agreement: i128, projection: &Projection) -> Self {
        let known = projection.known_authorised();
        let expected = projection.expected();
        let left_today = projection.cap().map(|cap| cap - known - agreement);
        let left_in_prospect = left_today.zip(expected).map(|(left, more)| left - more);
        let fit = match (left_today, left_in_prospect) {
            (None, _) => Fit::NoCap,
            (Some(left), _) if left < 0 => Fit::DoesNot,
            (_, None) => Fit::TodayAtLeast,
            (_, Some(left)) if left < 0 => Fit::TodayOnly,
            _ => Fit::Does,
        };
        Self {
            agreement,
            known,
            left_today,
            expected,
            left_in_prospect,
            fit,
        }
    }
}

/// The answer as the caller gets it. `years`: of the agreement, each with its projection.
#[allow(clippy::needless_pass_by_value, reason = "a proof is spent")]
pub(super) fn capienza(
    years: &[(i32, i128, Arc<Projection>)],
    triangle: &Triangle,
    permesso: Permesso<Agreement>,
    rilevazione: Rilevazione,
) -> proto::VerificaCapienzaResponse {
    let see = |column| permesso.may_see(column);
    let euro = |cents| Importo::from_hundredths(cents).to_string();
    let text = |column, cents| {
        if see(column) {
            euro(cents)
        } else {
            String::new()
        }
    };
    let optional = |column, cents: Option<i128>| cents.filter(|_| see(column)).map(euro);
    let outcome = |fit: Fit| {
        let esito = if see(Column::Esito) {
            esito(fit)
        } else {
            proto::EsitoCapienza::Unspecified
        };
        Some(proto::EsitoVerifica {
            esito: esito.into(),
        })
    };
    let fits: Vec<YearFit> = years
        .iter()
        .map(|(_, agreement, projection)| YearFit::of(*agreement, projection))
        .collect();
    let anni = years
        .iter()
        .zip(&fits)
        .map(|((year, _, projection), fit)| proto::AnnoCapienza {
            anno: *year,
            esito: outcome(fit.fit),
            stanziamento: stanziamento(projection, see),
            cifre: Some(proto::CifreCapienza {
                competenza_accordo: text(Column::CompetenzaAccordo, fit.agreement),
                competenza_nota: text(Column::CompetenzaNota, fit.known),
                residuo_oggi: optional(Column::ResiduoOggi, fit.left_today),
                competenza_attesa: optional(Column::CompetenzaAttesa, fit.expected),
                residuo_in_prospettiva: optional(
                    Column::ResiduoInProspettiva,
                    fit.left_in_prospect,
                ),
            }),
            metodo: method(projection.method()).into(),
        });
    let anni = anni.collect();
    // An agreement has a year at least.
    let worst = fits.iter().map(|fit| fit.fit).min().unwrap_or(Fit::NoCap);
    proto::VerificaCapienzaResponse {
        esito: outcome(worst),
        anni,
        tiraggio: Some(TriangleColumns::new(&permesso).figures(&triangle.total)),
        rilevazione: Some(rilevazione.into()),
    }
}

fn esito(fit: Fit) -> proto::EsitoCapienza {
    match fit {
        Fit::DoesNot => proto::EsitoCapienza::NonCapiente,
        Fit::NoCap => proto::EsitoCapienza::SenzaStanziamento,
        Fit::TodayOnly => proto::EsitoCapienza::CapienteOggiNonInProspettiva,
        Fit::TodayAtLeast => proto::EsitoCapienza::CapienteOggi,
        Fit::Does => proto::EsitoCapienza::Capiente,
    }
}
