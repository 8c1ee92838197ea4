//! The history of one call: points of each norm and benefit, cut to what the caller may see.

use super::{
    andamento::{MAX_POINTS, too_many_points},
    figures::{SeenFigures, TotalFigures},
    filtro::FiltroMonitoraggio,
    history::{History, HistoryRilevazione, PairHistory},
};
use crate::{
    abilitazione::Permesso,
    contract::{column::Column, proto},
    error::Result,
    rilevazione::list::instant,
};

/// The history of what is in scope.
///
/// # Errors
/// [`crate::error::Reason::InvalidRequest`]: more points than an answer may have.
#[allow(clippy::needless_pass_by_value, reason = "a proof is spent")]
pub(super) fn storia(
    history: &History,
    permesso: Permesso<FiltroMonitoraggio>,
) -> Result<(Vec<proto::SerieStoria>, proto::SerieStoria)> {
    let ambito = permesso.ambito();
    let pairs: Vec<&PairHistory> = history
        .pairs
        .iter()
        .filter(|pair| ambito.contains(&pair.normativa, &pair.prestazione))
        .collect();
    if history.rilevazioni.len().saturating_mul(pairs.len() + 1) > MAX_POINTS {
        return Err(too_many_points("filtro"));
    }
    let columns = SeenFigures::new(&permesso);
    let mut total = vec![TotalFigures::default(); history.rilevazioni.len()];
    let mut series = Vec::with_capacity(pairs.len());
    for pair in pairs {
        for (total, figures) in total.iter_mut().zip(&pair.points) {
            total.add(figures.as_ref());
        }
        let code = |column, code: &str| match permesso.may_see(column) {
            true => code.to_owned(),
            false => String::new(),
        };
        let points = history.rilevazioni.iter().zip(&pair.points);
        series.push(proto::SerieStoria {
            normativa: code(Column::Normativa, pair.normativa.as_str()),
            prestazione: code(Column::Prestazione, pair.prestazione.as_str()),
            punti: points
                .map(|(rilevazione, figures)| {
                    let figures = figures.as_ref().map(TotalFigures::from);
                    point(columns, rilevazione, figures.as_ref())
                })
                .collect(),
        });
    }
    let points = history.rilevazioni.iter().zip(&total);
    let total = proto::SerieStoria {
        punti: points
            .map(|(rilevazione, figures)| point(columns, rilevazione, Some(figures)))
            .collect(),
        ..proto::SerieStoria::default()
    };
    Ok((series, total))
}

fn point(
    columns: SeenFigures,
    rilevazione: &HistoryRilevazione,
    figures: Option<&TotalFigures>,
) -> proto::PuntoStoria {
    proto::PuntoStoria {
        rilevazione: rilevazione.numero,
        data_riferimento: rilevazione.data_riferimento.to_string(),
        caricata_il: Some(instant(rilevazione.caricata_il)),
        cifre: figures.map(|figures| columns.figures(figures)),
    }
}
