//! The picture of a year, and what it shows in words.

use rust_decimal::Decimal;

use super::{super::words, year::YearCourse};
use crate::{
    contract::proto::{CifreAndamento, StimaProiezione},
    cruscotto::{
        chart::{Months, YearChart, YearFigures},
        format,
    },
};

/// Of a year, the years before it, and what is expected of it. `None`: there is nothing to draw.
pub(super) fn draw(
    course: &YearCourse,
    earlier: &[YearCourse],
    estimate: Option<&StimaProiezione>,
    name: &str,
) -> Option<YearChart> {
    let figures = YearFigures {
        authorised: cumulated(course, |figures| &figures.importi_autorizzati),
        paid: cumulated(course, |figures| &figures.importi_erogati),
        expected: estimate.and_then(expected),
        cap: cap(course),
        earlier: earlier
            .iter()
            .filter_map(|year| {
                Some((
                    year.year,
                    cumulated(year, |figures| &figures.importi_autorizzati)?,
                ))
            })
            .collect(),
    };
    let names: Vec<String> = course
        .months
        .iter()
        .map(|month| format::short_month(&month.month))
        .collect();
    let text = description(course, earlier, estimate);
    YearChart::draw(&figures, &names, format!("Andamento: {name}"), text)
}

fn cumulated(course: &YearCourse, figure: fn(&CifreAndamento) -> &str) -> Option<Months> {
    course
        .months
        .iter()
        .map(|month| figure(&month.cumulated).parse().ok())
        .collect()
}

/// From the first month that anything is expected for. `None`: nothing is, in the whole year.
fn expected(estimate: &StimaProiezione) -> Option<(usize, Months)> {
    let figures = || estimate.mesi.iter().map(|month| month.cifre.as_ref());
    let first = figures().position(|figures| {
        let expected = figures.map(|figures| figures.competenza_attesa.parse::<Decimal>());
        expected.is_some_and(|expected| expected.is_ok_and(|expected| !expected.is_zero()))
    })?;
    let months: Option<Months> = figures()
        .map(|figures| figures?.competenza_prevista.parse().ok())
        .collect();
    Some((first, months?))
}

fn cap(course: &YearCourse) -> Option<(Decimal, String)> {
    let cap = course.cap.as_ref()?;
    let amount = cap.totale_stanziamenti.parse().ok()?;
    let kind = words::cap(cap.tipo_stanziamento());
    Some((
        amount,
        format!("{kind}: {}", format::euro(&cap.totale_stanziamenti)),
    ))
}

fn description(
    course: &YearCourse,
    earlier: &[YearCourse],
    estimate: Option<&StimaProiezione>,
) -> String {
    let last = course.last();
    let mut text = String::from(
        "Importi cumulati da gennaio, per mese di competenza. A dicembre, secondo i decreti già emessi:",
    );
    for (what, amount) in [
        ("autorizzati", &last.importi_autorizzati),
        ("erogati", &last.importi_erogati),
    ] {
        if !amount.is_empty() {
            text += &format!(" {what} {};", format::euro(amount));
        }
    }
    match cap(course) {
        Some((_, cap)) => text += &format!(" {}.", lower_first(&cap)),
        None => text += " nessuno stanziamento.",
    }
    if let Some((first, months)) = estimate.and_then(expected) {
        let from = course.months.get(first).map(|month| &*month.month);
        let total = months.last().copied().unwrap_or_default();
        text += &format!(
            " Stima, a tratti da {}: {} a dicembre.",
            format::month(from.unwrap_or_default()),
            format::euro(&total.to_string())
        );
    }
    if let (Some(first), Some(last)) = (earlier.first(), earlier.last()) {
        text += &format!(
            " In grigio gli anni precedenti, dal {} al {}.",
            first.year, last.year
        );
    }
    text += " La tabella riporta le stesse cifre.";
    text
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_lowercase());
    first
        .into_iter()
        .flatten()
        .chain(letters.as_str().chars())
        .collect()
}
