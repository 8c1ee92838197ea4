//! The tables of the accounted course; the one column of estimates says that it is one.

use super::{
    super::{
        table::{ColumnKind, FigureCell, FigureColumn, FigureTable, NamedFigure},
        words,
    },
    contract_names::{ANDAMENTO, PROIEZIONE},
    year::YearCourse,
};
use crate::{
    contract::proto::{StanziamentoAnno, StimaProiezione},
    cruscotto::{access::UserAccess, format},
};

/// The year at a glance.
pub(super) fn whole(course: &YearCourse, access: &UserAccess) -> Vec<NamedFigure> {
    let whole = course.last();
    let figures = [
        (
            "totale_stanziamenti",
            "Stanziamento",
            FigureCell::appropriation(course.cap.as_ref()),
        ),
        (
            "importi_autorizzati",
            "Autorizzato",
            FigureCell::euro(&whole.importi_autorizzati),
        ),
        (
            "importi_erogati",
            "Erogato",
            FigureCell::euro(&whole.importi_erogati),
        ),
    ];
    let seen = figures.into_iter();
    seen.filter(|(column, ..)| access.sees(ANDAMENTO, column))
        .map(|(_, text, cell)| NamedFigure { text, cell })
        .collect()
}

/// What the picture shows of the year.
pub(super) fn months(
    course: &YearCourse,
    estimate: Option<&StimaProiezione>,
    access: &UserAccess,
) -> FigureTable {
    use ColumnKind::{Accounted, Estimate};
    let sees = |column| access.sees(ANDAMENTO, column);
    let (authorised, paid) = (sees("importi_autorizzati"), sees("importi_erogati"));
    let has_estimate = estimate.is_some() && access.sees(PROIEZIONE, "competenza_prevista");
    let has_cap = course.cap.is_some() && authorised && sees("totale_stanziamenti");
    let columns = vec![
        FigureColumn::new("Autorizzato nel mese", Accounted, authorised),
        FigureColumn::new("Erogato nel mese", Accounted, paid),
        FigureColumn::new("Autorizzato cumulato", Accounted, authorised),
        FigureColumn::new("Erogato cumulato", Accounted, paid),
        FigureColumn::new("Utilizzo dello stanziamento", Accounted, has_cap),
        FigureColumn::new("Competenza prevista cumulata", Estimate, has_estimate),
    ];
    let rows = course.months.iter().enumerate().map(|(n, month)| {
        let expected = estimate
            .and_then(|estimate| estimate.mesi.get(n))
            .and_then(|month| month.cifre.as_ref())
            .map(|figures| &*figures.competenza_prevista);
        let cells = vec![
            FigureCell::euro(&month.own.importi_autorizzati),
            FigureCell::euro(&month.own.importi_erogati),
            FigureCell::euro(&month.cumulated.importi_autorizzati),
            FigureCell::euro(&month.cumulated.importi_erogati),
            used(course.cap.as_ref(), &month.cumulated.importi_autorizzati),
            FigureCell::euro_if_any(expected),
        ];
        (format::month(&month.month), "", cells)
    });
    FigureTable::new(
        "mesi",
        format!(
            "Importi del {} per mese di competenza, in euro",
            course.year
        ),
        "Mese",
        columns,
        rows,
    )
}

/// What the picture shows of the years before. `None`: there are none.
pub(super) fn earlier(years: &[YearCourse], access: &UserAccess) -> Option<FigureTable> {
    use ColumnKind::Accounted;
    let sees = |column| access.sees(ANDAMENTO, column);
    let (cap, authorised) = (sees("totale_stanziamenti"), sees("importi_autorizzati"));
    let columns = vec![
        FigureColumn::new("Stanziamento", Accounted, cap),
        FigureColumn::new("Autorizzato", Accounted, authorised),
        FigureColumn::new("Erogato", Accounted, sees("importi_erogati")),
        FigureColumn::new("Utilizzo dello stanziamento", Accounted, cap && authorised),
    ];
    let rows = years.iter().rev().map(|year| {
        let whole = year.last();
        let cells = vec![
            FigureCell::appropriation(year.cap.as_ref()),
            FigureCell::euro(&whole.importi_autorizzati),
            FigureCell::euro(&whole.importi_erogati),
            used(year.cap.as_ref(), &whole.importi_autorizzati),
        ];
        (year.year.to_string(), "", cells)
    });
    (!years.is_empty()).then(|| {
        let caption = "Anni precedenti, per competenza, in euro".to_owned();
        FigureTable::new("anni", caption, "Anno", columns, rows)
    })
}

fn used(cap: Option<&StanziamentoAnno>, amount: &str) -> FigureCell {
    let part = cap.and_then(|cap| words::permille(amount, &cap.totale_stanziamenti));
    FigureCell::percentage(part)
}
