//! "Andamento e proiezione": the course of a norm and a benefit in a year against the cap, and whether the cap will be reached.
//!
//! ```text
//! GetAndamento  ── accounted, by month of competenza ──► year.rs ──┐
//!                                                                  ├──► drawing.rs (picture), tables.rs (tables)
//! GetProiezione ── estimates, of profiles that have it ────────────┴──► estimate.rs (its own section)
//! ```

mod contract_names;
mod drawing;
mod estimate;
mod tables;
mod verdict;
mod year;

use askama::Template;
use tonic::Request;

use self::{
    contract_names::{ANDAMENTO, PROIEZIONE},
    estimate::EstimateView,
    year::YearCourse,
};
use super::{
    context::{self, Answered, PageContext},
    selection::{self, AsOf, Choice, Names},
    table::{FigureTable, NamedFigure},
};
use crate::{
    contract::proto::{
        FiltroMonitoraggio, GetAndamentoRequest, GetAndamentoResponse, GetProiezioneRequest,
        GetProiezioneResponse, Imputazione, Passo, Rilevazione,
    },
    cruscotto::{
        access::UserAccess,
        chart::YearChart,
        failure::{PageFailure, WrongField},
        query::Query,
        response::see_other,
        shell::Shell,
    },
};

/// Years that may have a cap.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2199;

#[derive(Template)]
#[template(path = "andamento.html")]
struct AndamentoPage {
    shell: Shell,
    norms: Vec<Choice>,
    benefits: Vec<Choice>,
    /// As it is typed, or the year of the data.
    year: String,
    rilevazioni: Vec<Choice>,
    query: Query,
    error: Option<String>,
    errors: Vec<WrongField>,
    view: Option<YearView>,
}

/// What is shown of a year.
struct YearView {
    as_of: AsOf,
    norm: String,
    norm_code: String,
    benefit: String,
    year: i32,
    /// The norm and the benefit have neither decrees nor appropriations.
    is_empty: bool,
    whole: Vec<NamedFigure>,
    /// `None`: nothing is authorised, appropriated or expected.
    chart: Option<YearChart>,
    months: FigureTable,
    earlier: Option<FigureTable>,
    estimate: Option<EstimateView>,
}

/// Of what the page is.
struct Asked<'a> {
    norm: &'a str,
    benefit: &'a str,
    year: &'a str,
}

/// The page.
pub(super) async fn page(context: &PageContext) -> Answered {
    let access = context.access().await?;
    if !access.may(ANDAMENTO) {
        return Ok(see_other("/cruscotto/accesso"));
    }
    let query = &context.query;
    let names = Names::read(context).await?;
    let listed = selection::listed(context).await?;
    let year = match query.text("anno") {
        "" => year_of(&listed, selection::rilevazione(query)),
        typed => typed.to_owned(),
    };
    let asked = Asked {
        norm: query.text("normativa"),
        benefit: names.one_benefit(query),
        year: &year,
    };
    let (mut error, mut errors, mut view) = (None, Vec::new(), None);
    if !asked.norm.is_empty() {
        match read(context, &asked, &access, &names).await {
            Ok(read) => view = Some(read),
            Err(failure) if failure.is_of_the_form() => {
                error = Some(failure.text);
                errors = failure.fields;
            }
            Err(failure) => return Err(failure),
        }
    }
    context::page(&AndamentoPage {
        shell: context.shell(&access, "/cruscotto/andamento"),
        norms: names.norm_choices(query),
        benefits: names.benefit_choices(&query.with("prestazione", asked.benefit)),
        rilevazioni: selection::rilevazione_choices(&listed, query.text("rilevazione")),
        query: query.clone(),
        error,
        errors,
        view,
        year: asked.year.to_owned(),
    })
}

/// The year that the data of a rilevazione describe last; 0: of the latest one.
fn year_of(listed: &[Rilevazione], number: i32) -> String {
    let mut listed = listed.iter();
    let of = match number {
        0 => listed.find(|one| one.ritirata_il.is_none()),
        number => listed.find(|one| one.numero == number),
    };
    of.map_or("", |one| &one.data_riferimento)
        .chars()
        .take(4)
        .collect()
}

async fn read(
    context: &PageContext,
    asked: &Asked<'_>,
    access: &UserAccess,
    names: &Names,
) -> Result<YearView, PageFailure> {
    let year = asked.year.parse().ok().filter(|year| YEARS.contains(year));
    let year = year.ok_or_else(|| {
        let wrong = WrongField::new("anno", "deve essere un anno dal 1970 al 2199.");
        PageFailure::of_fields(vec![wrong])
    })?;
    let answer = course(context, asked).await?;
    let number = answer.rilevazione.as_ref().map_or(0, |one| one.numero);
    let expected = match access.may(PROIEZIONE) {
        // Of the same rilevazione, also if another is loaded meanwhile.
        true => Some(projection(context, asked, year, number).await?),
        false => None,
    };
    let is_empty = answer.serie.is_empty();
    let points = answer.serie.into_iter().next().unwrap_or_default().punti;
    let course = YearCourse::of(&points, year);
    let earlier = YearCourse::before(&points, year);
    let estimate = expected
        .as_ref()
        .map(|answer| EstimateView::of(answer, year, access));
    let chosen = expected.as_ref().and_then(estimate::chosen);
    let name = format!(
        "{} ({}), {year}",
        names.norm(asked.norm),
        names.benefit(asked.benefit)
    );
    Ok(YearView {
        as_of: AsOf::from(answer.rilevazione),
        norm: names.norm(asked.norm).to_owned(),
        norm_code: asked.norm.to_owned(),
        benefit: names.benefit(asked.benefit).to_owned(),
        year,
        is_empty,
        whole: tables::whole(&course, access),
        chart: drawing::draw(&course, &earlier, chosen, &name),
        months: tables::months(&course, chosen, access),
        earlier: tables::earlier(&earlier, access),
        estimate,
    })
}

async fn course(
    context: &PageContext,
    asked: &Asked<'_>,
) -> Result<GetAndamentoResponse, PageFailure> {
    let request = GetAndamentoRequest {
        filtro: Some(FiltroMonitoraggio {
            normativa: vec![asked.norm.to_owned()],
            prestazione: vec![asked.benefit.to_owned()],
        }),
        rilevazione: selection::rilevazione(&context.query),
        imputazione: Imputazione::Competenza.into(),
        passo: Passo::Mese.into(),
        finestra: None,
    };
    let mut service = context.calls.monitoraggio();
    let answered = service.get_andamento(Request::new(request)).await;
    Ok(answered
        .map_err(|status| context.failed(&status))?
        .into_inner())
}

async fn projection(
    context: &PageContext,
    asked: &Asked<'_>,
    year: i32,
    rilevazione: i32,
) -> Result<GetProiezioneResponse, PageFailure> {
    let request = GetProiezioneRequest {
        normativa: asked.norm.to_owned(),
        prestazione: asked.benefit.to_owned(),
        anno: year,
        rilevazione,
        fino_al: String::new(),
    };
    let mut service = context.calls.monitoraggio();
    let answered = service.get_proiezione(Request::new(request)).await;
    Ok(answered
        .map_err(|status| context.failed(&status))?
        .into_inner())
}
