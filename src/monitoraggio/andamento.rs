//! The course of one call: points of each norm and benefit, cut to what the caller may see.

use super::{
    filtro::FiltroMonitoraggio,
    month_table::{Extent, MonthTable, PairMonths},
    request::Course,
    steps::Steps,
};
use crate::{
    abilitazione::Permesso,
    contract::{column::Column, proto},
    error::{Error, Result, Violation},
    report::prefix_sums::Stanziamento,
    rilevazione::detail::sums::ControlSums,
    valori::{Importo, Month, TipiStanziamento, ValueDefect},
};

/// Points that an answer may have: some ten megabytes.
pub(super) const MAX_POINTS: usize = 50_000;
const TOO_MANY_POINTS: ValueDefect = ValueDefect::new(
    "the answer would have more than 50000 points: ask for a shorter window, a longer step, or fewer norms and benefits",
    "la risposta avrebbe più di 50000 punti: indicare una finestra più breve, un passo più lungo, o meno normative e prestazioni",
);

/// The points of a norm and a benefit, or of several added up.
#[derive(Debug, Default)]
pub(super) struct Serie {
    points: Vec<Point>,
    total: ControlSums,
}

#[derive(Debug, Clone)]
struct Point {
    month: Month,
    sums: ControlSums,
    cumulated: ControlSums,
    stanziamento: Option<YearStanziamento>,
}

/// The appropriation of a year, of one norm and benefit or of several.
#[derive(Debug, Clone, Copy)]
struct YearStanziamento {
    importo: Importo,
    tipi: TipiStanziamento,
}

/// The course of what is in scope.
///
/// # Errors
/// [`crate::error::Reason::InvalidRequest`]: more points than an answer may have.
#[allow(clippy::needless_pass_by_value, reason = "a proof is spent")]
pub(super) fn andamento(
    table: &MonthTable,
    permesso: Permesso<FiltroMonitoraggio>,
    course: Course,
) -> Result<(Vec<proto::SerieAndamento>, proto::SerieAndamento)> {
    let ambito = permesso.ambito();
    let pairs: Vec<&PairMonths> = table
        .pairs
        .iter()
        .filter(|pair| ambito.contains(&pair.normativa, &pair.prestazione))
        .collect();
    let steps = steps(&pairs, course);
    if steps.count().saturating_mul(pairs.len() + 1) > MAX_POINTS {
        return Err(too_many_points("finestra"));
    }
    let columns = CourseColumns::new(&permesso);
    let mut total = Serie::default();
    let mut series = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let serie = Serie::of(pair, course, steps);
        total.accumulate(&serie);
        let code = |column, code: &str| match permesso.may_see(column) {
            true => code.to_owned(),
            false => String::new(),
        };
        series.push(proto::SerieAndamento {
            normativa: code(Column::Normativa, pair.normativa.as_str()),
            prestazione: code(Column::Prestazione, pair.prestazione.as_str()),
            punti: columns.points(&serie),
            totale: Some(columns.figures(&serie.total)),
        });
    }
    if total.points.is_empty() {
        total.points = Serie::empty_points(steps);
    }
    let total = proto::SerieAndamento {
        punti: columns.points(&total),
        totale: Some(columns.figures(&total.total)),
        ..proto::SerieAndamento::default()
    };
    Ok((series, total))
}

/// That an answer would be too long.
pub(super) fn too_many_points(field: &str) -> Error {
    Error::invalid(vec![Violation {
        field: field.to_owned(),
        defect: TOO_MANY_POINTS,
    }])
}

/// The steps of the window. Where an end is open, it is that of the figures.
fn steps(pairs: &[&PairMonths], course: Course) -> Steps {
    let mut extent = Extent::default();
    for (from, to) in pairs
        .iter()
        .filter_map(|pair| pair.extent(course.imputazione))
    {
        extent.include(from, to);
    }
    let from = course.from.or(extent.0.map(|(first, _)| first));
    let to = course.to.or(extent.0.map(|(_, last)| last));
    from.zip(to).map_or_else(
        || Steps::none(course.passo),
        |(from, to)| Steps::new(course.passo, from, to),
    )
}

impl Serie {
    fn of(pair: &PairMonths, course: Course, steps: Steps) -> Self {
        let between = |from, to| pair.between(course.imputazione, from, to);
        let points = steps.iter().map(|(from, to)| Point {
            month: from,
            sums: between(from, to),
            cumulated: between(Month::january(from.year()), to),
            stanziamento: pair.stanziamento(from.year()).map(YearStanziamento::from),
        });
        Self {
            points: points.collect(),
            total: steps
                .window()
                .map(|(from, to)| between(from, to))
                .unwrap_or_default(),
        }
    }

    fn empty_points(steps: Steps) -> Vec<Point> {
        let points = steps.iter().map(|(from, _)| Point {
            month: from,
            sums: ControlSums::default(),
            cumulated: ControlSums::default(),
            stanziamento: None,
        });
        points.collect()
    }

    /// Step by step: all series of a call have the same.
    fn accumulate(&mut self, other: &Self) {
        if self.points.is_empty() {
            self.points.clone_from(&other.points);
        } else {
            for (sum, more) in self.points.iter_mut().zip(&other.points) {
                sum.sums += more.sums;
                sum.cumulated += more.cumulated;
                sum.stanziamento = match (sum.stanziamento, more.stanziamento) {
                    (Some(a), Some(b)) => Some(a.plus(b)),
                    (one, other) => one.or(other),
                };
            }
        }
        self.total += other.total;
    }
}

impl YearStanziamento {
    fn plus(self, other: Self) -> Self {
        Self {
            importo: self.importo + other.importo,
            tipi: if self.tipi == other.tipi {
                self.tipi
            } else {
                TipiStanziamento::Misti
            },
        }
    }
}

impl From<&Stanziamento> for YearStanziamento {
    fn from(stanziamento: &Stanziamento) -> Self {
        Self {
            importo: stanziamento.importo,
            tipi: TipiStanziamento::Solo(stanziamento.tipo),
        }
    }
}

/// The columns that the caller sees: asked of the proof once, and not for each point.
#[derive(Debug, Clone, Copy)]
struct CourseColumns {
    righe: bool,
    ore_decretate: bool,
    importi_autorizzati: bool,
    importi_erogati: bool,
    totale_stanziamenti: bool,
    tipo_stanziamento: bool,
}

impl CourseColumns {
    fn new(permesso: &Permesso<FiltroMonitoraggio>) -> Self {
        Self {
            righe: permesso.may_see(Column::Righe),
            ore_decretate: permesso.may_see(Column::OreDecretate),
            importi_autorizzati: permesso.may_see(Column::ImportiAutorizzati),
            importi_erogati: permesso.may_see(Column::ImportiErogati),
            totale_stanziamenti: permesso.may_see(Column::TotaleStanziamenti),
            tipo_stanziamento: permesso.may_see(Column::TipoStanziamento),
        }
    }

    fn points(self, serie: &Serie) -> Vec<proto::PuntoAndamento> {
        let point = |point: &Point| proto::PuntoAndamento {
            mese: point.month.to_string(),
            cifre: Some(self.figures(&point.sums)),
            cumulate: Some(self.figures(&point.cumulated)),
            stanziamento: point.stanziamento.and_then(|s| self.stanziamento(s)),
        };
        serie.points.iter().map(point).collect()
    }

    fn figures(self, sums: &ControlSums) -> proto::CifreAndamento {
        let text = |seen: bool, hundredths: i128| match seen {
            true => Importo::from_hundredths(hundredths).to_string(),
            false => String::new(),
        };
        proto::CifreAndamento {
            righe: if self.righe { sums.righe } else { 0 },
            ore_decretate: text(self.ore_decretate, sums.ore_decretate),
            importi_autorizzati: text(self.importi_autorizzati, sums.importi_autorizzati),
            importi_erogati: text(self.importi_erogati, sums.importi_erogati),
        }
    }

    /// Nothing at all, and not an empty message, to whom sees neither column.
    fn stanziamento(self, stanziamento: YearStanziamento) -> Option<proto::StanziamentoAnno> {
        let importo = self.totale_stanziamenti.then_some(stanziamento.importo);
        let tipi = self.tipo_stanziamento.then_some(stanziamento.tipi);
        (importo.is_some() || tipi.is_some()).then(|| proto::StanziamentoAnno {
            totale_stanziamenti: importo.map(|i| i.to_string()).unwrap_or_default(),
            tipo_stanziamento: proto::TipoStanziamento::from(tipi).into(),
        })
    }
}
