//! The projection of one call: made once for all callers, and cut to what this one may see.

use super::{
    method::Method,
    pair::Pair,
    payment::Payments,
    projection::{BackTest, CapState, Estimate, best, estimates},
    projection_query::PairKnowledge,
    projection_request::ProjectionRequest,
    triangle::Triangle,
};
use crate::{
    abilitazione::Permesso,
    contract::{column::Column, proto},
    report::prefix_sums::Stanziamento,
    rilevazione::list::Rilevazione,
    valori::{Importo, Month, TipiStanziamento},
};

const TOO_FEW_MONTHS: &str =
    "Non è possibile stimare i decreti a venire: servono almeno tre mesi interi di decreti.";
const NO_FACTORS: &str = "Non è possibile stimare quanto sarà erogato: servono rilevazioni di almeno due mesi consecutivi con importi erogati.";

/// All that is said of a year. It never changes.
#[derive(Debug)]
pub(super) struct Projection {
    year: i32,
    stanziamento: Option<Stanziamento>,
    /// By month of competenza: authorised, paid.
    known: [[i128; 12]; 2],
    estimates: Vec<MethodSays>,
    method: Option<Method>,
    authorised: CapState,
    paid: CapState,
    has_factors: bool,
}

/// What a method says, with what of it will be paid.
#[derive(Debug)]
struct MethodSays {
    estimate: Estimate,
    /// By month of competenza, in the end.
    paid: Option<[i128; 12]>,
}

impl Projection {
    /// Of what is known of a norm and a benefit, and how it is paid.
    pub(super) fn new(
        knowledge: &PairKnowledge,
        triangle: &Triangle,
        request: &ProjectionRequest,
    ) -> Self {
        let year = request.year;
        let stanziamento = knowledge
            .stanziamenti
            .iter()
            .find(|s| s.anno == year)
            .copied();
        let cap = stanziamento.map(|s| s.importo.hundredths());
        let estimates = estimates(&knowledge.history, year, request.until);
        let method = best(&estimates).map(|estimate| estimate.method);
        let now = knowledge.history.last();
        let month = |n: usize| Month::january(year).plus(i32::try_from(n).unwrap_or_default());
        let known: [[i128; 12]; 2] = std::array::from_fn(|which| {
            std::array::from_fn(|n| now.map_or(0, |now| now.accruals.month(month(n))[which]))
        });
        let payments =
            now.and_then(|now| Payments::of(triangle, &now.accruals, Month::of(now.day)));
        let says: Vec<MethodSays> = estimates
            .into_iter()
            .map(|estimate| {
                let of = |payments: &Payments| {
                    now.map(|now| payments.in_the_end(&now.accruals, &estimate.expected, year))
                };
                let paid = payments.as_ref().and_then(of);
                MethodSays { estimate, paid }
            })
            .collect();
        let chosen = says
            .iter()
            .find(|says| Some(says.estimate.method) == method);
        let with_expected = chosen.map(|says| added(&known[0], &says.estimate.expected));
        let to_be_paid = chosen.and_then(|says| says.paid);
        Self {
            year,
            stanziamento,
            authorised: CapState::of(cap, year, &known[0], with_expected.as_ref()),
            paid: CapState::of(cap, year, &known[1], to_be_paid.as_ref()),
            has_factors: payments.is_some(),
            known,
            estimates: says,
            method,
        }
    }
}

impl Projection {
    /// The cap of the year, in cents.
    pub(super) fn cap(&self) -> Option<i128> {
        self.stanziamento.map(|s| s.importo.hundredths())
    }

    /// What is known of the year.
    pub(super) fn known_authorised(&self) -> i128 {
        self.known[0].iter().sum()
    }

    /// The method that is followed.
    pub(super) fn method(&self) -> Option<Method> {
        self.method
    }

    /// What it expects to be added to the year.
    pub(super) fn expected(&self) -> Option<i128> {
        let mut all = self.estimates.iter().map(|says| &says.estimate);
        let followed = all.find(|estimate| Some(estimate.method) == self.method)?;
        Some(followed.total())
    }
}

fn added(a: &[i128; 12], b: &[i128; 12]) -> [i128; 12] {
    std::array::from_fn(|n| a[n] + b[n])
}

/// The projection as the caller gets it.
#[allow(clippy::needless_pass_by_value, reason = "a proof is spent")]
pub(super) fn proiezione(
    projection: &Projection,
    permesso: Permesso<Pair>,
    rilevazione: Rilevazione,
) -> proto::GetProiezioneResponse {
    let see = |column| permesso.may_see(column);
    let columns = ProjectionColumns {
        authorised: see(Column::ImportiAutorizzati),
        paid: see(Column::ImportiErogati),
        expected: see(Column::CompetenzaAttesa),
        forecast: see(Column::CompetenzaPrevista),
        least: see(Column::CompetenzaMinima),
        most: see(Column::CompetenzaMassima),
        to_be_paid: see(Column::ErogazionePrevista),
        mean_error: see(Column::ErroreMedio),
        known: see(Column::CompetenzaNota),
        actual: see(Column::CompetenzaEffettiva),
        error: see(Column::Errore),
        state: see(Column::Stato),
        month: see(Column::MeseRaggiungimento),
    };
    let missing = [
        (projection.method.is_none(), TOO_FEW_MONTHS),
        (!projection.has_factors, NO_FACTORS),
    ];
    proto::GetProiezioneResponse {
        mesi: columns.known_months(projection),
        stime: projection
            .estimates
            .iter()
            .map(|says| columns.estimate(projection, says))
            .collect(),
        metodo: method(projection.method).into(),
        autorizzato: Some(columns.state(projection.authorised)),
        erogato: Some(columns.state(projection.paid)),
        dati_mancanti: missing
            .into_iter()
            .filter(|(is_missing, _)| *is_missing)
            .map(|(_, sentence)| sentence.to_owned())
            .collect(),
        rilevazione: Some(rilevazione.into()),
        stanziamento: stanziamento(projection, see),
    }
}

/// The appropriation of the year, of which the caller sees these columns.
pub(super) fn stanziamento(
    projection: &Projection,
    see: impl Fn(Column) -> bool,
) -> Option<proto::StanziamentoAnno> {
    let stanziamento = projection.stanziamento?;
    let tipi = Some(TipiStanziamento::Solo(stanziamento.tipo));
    let tipi = tipi.filter(|_| see(Column::TipoStanziamento));
    let cents = stanziamento.importo.hundredths();
    Some(proto::StanziamentoAnno {
        totale_stanziamenti: text(see(Column::TotaleStanziamenti), cents),
        tipo_stanziamento: proto::TipoStanziamento::from(tipi).into(),
    })
}

/// The columns that the caller sees.
#[derive(Debug, Clone, Copy)]
struct ProjectionColumns {
    authorised: bool,
    paid: bool,
    expected: bool,
    forecast: bool,
    least: bool,
    most: bool,
    to_be_paid: bool,
    mean_error: bool,
    known: bool,
    actual: bool,
    error: bool,
    state: bool,
    month: bool,
}

impl ProjectionColumns {
    fn known_months(self, projection: &Projection) -> Vec<proto::MeseNoto> {
        let figures = |[authorised, paid]: [i128; 2]| proto::CifreNote {
            importi_autorizzati: text(self.authorised, authorised),
            importi_erogati: text(self.paid, paid),
        };
        let mut cumulated = [0; 2];
        let months = (0..).map(|n| Month::january(projection.year).plus(n).to_string());
        let [authorised, paid] = &projection.known;
        months
            .zip(authorised.iter().zip(paid))
            .map(|(mese, (authorised, paid))| {
                cumulated[0] += authorised;
                cumulated[1] += paid;
                proto::MeseNoto {
                    mese,
                    cifre: Some(figures([*authorised, *paid])),
                    cumulate: Some(figures(cumulated)),
                }
            })
            .collect()
    }

    fn estimate(self, projection: &Projection, says: &MethodSays) -> proto::StimaProiezione {
        let MethodSays { estimate, paid } = says;
        let known: i128 = projection.known[0].iter().sum();
        let range = estimate.range();
        let optional = |seen: bool, cents: Option<i128>| cents.filter(|_| seen).map(euro);
        let cifre = proto::CifreStima {
            competenza_attesa: text(self.expected, estimate.total()),
            competenza_prevista: text(self.forecast, known + estimate.total()),
            competenza_minima: optional(self.least, range.map(|(least, _)| known + least)),
            competenza_massima: optional(self.most, range.map(|(_, most)| known + most)),
            erogazione_prevista: optional(self.to_be_paid, paid.map(|paid| paid.iter().sum())),
            errore_medio: optional(self.mean_error, estimate.mean_error()),
        };
        let (mut forecast, mut to_be_paid) = (0, 0);
        let mesi = (0..12).map(|n| {
            forecast += projection.known[0][n] + estimate.expected[n];
            to_be_paid += paid.map_or(0, |paid| paid[n]);
            let month = Month::january(projection.year).plus(i32::try_from(n).unwrap_or_default());
            proto::PuntoStima {
                mese: month.to_string(),
                cifre: Some(proto::CifrePuntoStima {
                    competenza_attesa: text(self.expected, estimate.expected[n]),
                    competenza_prevista: text(self.forecast, forecast),
                    erogazione_prevista: optional(self.to_be_paid, paid.map(|_| to_be_paid)),
                }),
            }
        });
        let verifica = |test: &BackTest| proto::VerificaStima {
            rilevazione: test.rilevazione,
            anno: test.year,
            cifre: Some(proto::CifreVerifica {
                competenza_nota: text(self.known, test.known),
                competenza_attesa: text(self.expected, test.expected),
                competenza_effettiva: text(self.actual, test.actual),
                errore: text(self.error, test.error()),
            }),
        };
        proto::StimaProiezione {
            metodo: method(Some(estimate.method)).into(),
            cifre: Some(cifre),
            mesi: mesi.collect(),
            verifiche: estimate.back_tests.iter().map(verifica).collect(),
            anni_chiusi: estimate.closed_years.iter().map(verifica).collect(),
        }
    }

    fn state(self, state: CapState) -> proto::StatoProiezione {
        use proto::StatoStanziamento as Stato;
        let (stato, month) = match state {
            CapState::Within => (Stato::Entro, None),
            CapState::ExpectedToBeReached(month) => (Stato::RaggiuntoInProspettiva, Some(month)),
            CapState::Reached(month) => (Stato::Raggiunto, Some(month)),
            CapState::NoCap => (Stato::SenzaStanziamento, None),
            CapState::NotEnoughData => (Stato::DatiInsufficienti, None),
        };
        let stato = if self.state {
            stato
        } else {
            Stato::Unspecified
        };
        let month = month.filter(|_| self.month);
        proto::StatoProiezione {
            stato: stato.into(),
            mese_raggiungimento: month.map(|month| month.to_string()).unwrap_or_default(),
        }
    }
}

pub(super) fn method(method: Option<Method>) -> proto::MetodoProiezione {
    match method {
        None => proto::MetodoProiezione::Unspecified,
        Some(Method::MeanOfTwelve) => proto::MetodoProiezione::Media12Mesi,
        Some(Method::MeanOfThree) => proto::MetodoProiezione::Media3Mesi,
        Some(Method::Seasonal) => proto::MetodoProiezione::Stagionale,
    }
}

fn euro(cents: i128) -> String {
    Importo::from_hundredths(cents).to_string()
}

fn text(seen: bool, cents: i128) -> String {
    if seen { euro(cents) } else { String::new() }
}
