//! The report sintetico (§2.1): three filters, seven columns, and "Accedi al dettaglio".

use askama::Template;
use rust_decimal::Decimal;
use tonic::Request;

use super::{
    context::{self, Answered, PageContext},
    selection::{self, AsOf, Choice, Link, Names},
    words,
};
use crate::{
    contract::proto::{
        FiltroReport, GetReportSinteticoRequest, GetReportSinteticoResponse, TotaleReport,
        VoceReport,
    },
    cruscotto::{
        access::UserAccess, chart::Bar, failure::WrongField, format, query::Query,
        response::see_other, shell::Shell,
    },
};

const REPORT: &str = "ReportService/GetReportSintetico";
const DOWNLOAD: &str = "ReportService/DownloadReportSintetico";
const PATH: &str = "/cruscotto";
/// A column of figures: its name in the contract, and its heading.
const FIGURES: [(&str, &str); 5] = [
    ("totale_stanziamenti", "Totale stanziamenti"),
    ("importi_autorizzati", "Importi autorizzati"),
    ("importi_erogati", "Importi erogati"),
    ("residuo_autorizzato", "Residuo autorizzato"),
    ("residuo_pagato", "Residuo pagato"),
];

#[derive(Template)]
#[template(path = "sintesi.html")]
struct SintesiPage {
    shell: Shell,
    norms: Vec<Choice>,
    benefits: Vec<Choice>,
    rilevazioni: Vec<Choice>,
    query: Query,
    /// What is wrong with the form, all at once.
    error: Option<String>,
    errors: Vec<WrongField>,
    report: Option<ReportView>,
}

struct ReportView {
    as_of: AsOf,
    heads: Vec<Head>,
    rows: Vec<Row>,
    totals: Vec<Figure>,
    has_bars: bool,
    /// Where "Accedi al dettaglio" leads.
    detail: Option<String>,
    may_detail: bool,
    files: Vec<Link>,
}

/// A heading that sorts.
struct Head {
    name: &'static str,
    text: &'static str,
    is_figure: bool,
    /// `aria-sort`: "ascending", "descending"; empty where it does not sort now.
    sorted: &'static str,
    href: String,
}

struct Row {
    norm: String,
    norm_code: String,
    /// The report of this norm alone.
    norm_href: String,
    benefit: String,
    kind: &'static str,
    figures: Vec<Figure>,
    bar: Option<Bar>,
}

/// A figure. Absent is not zero.
struct Figure {
    text: String,
    is_absent: bool,
    is_negative: bool,
}

impl Figure {
    fn new(value: Option<&str>) -> Self {
        let value = value.unwrap_or_default();
        Self {
            text: format::euro(value),
            is_absent: value.is_empty(),
            is_negative: value.starts_with('-'),
        }
    }
}

/// The page.
pub(super) async fn page(context: &PageContext) -> Answered {
    let access = context.access().await?;
    if !access.may(REPORT) {
        // INPS staff sign in here too.
        return Ok(see_other("/cruscotto/accesso"));
    }
    let query = &context.query;
    let names = Names::read(context).await?;
    let rilevazioni = selection::rilevazioni(context).await?;
    let filtro = FiltroReport {
        normativa: query.all("normativa"),
        prestazione: query.all("prestazione"),
        periodo: selection::periodo(query),
    };
    let is_filtered = filtro != FiltroReport::default();
    let request = GetReportSinteticoRequest {
        filtro: is_filtered.then_some(filtro),
        rilevazione: selection::rilevazione(query),
    };
    let answered = context
        .calls
        .report()
        .get_report_sintetico(Request::new(request))
        .await;
    let (mut error, mut errors, mut report) = (None, Vec::new(), None);
    match answered {
        Ok(answer) => report = Some(view(answer.into_inner(), &access, &names, query)),
        Err(status) => {
            let failure = context.failed(&status);
            if !failure.is_of_the_form() {
                return Err(failure);
            }
            error = Some(failure.text);
            errors = failure.fields;
        }
    }
    context::page(&SintesiPage {
        shell: context.shell(&access, PATH),
        norms: names.norm_choices(query),
        benefits: names.benefit_choices(query),
        rilevazioni,
        query: query.clone(),
        error,
        errors,
        report,
    })
}

fn view(
    mut answer: GetReportSinteticoResponse,
    access: &UserAccess,
    names: &Names,
    query: &Query,
) -> ReportView {
    sort(&mut answer.voci, query);
    let seen: Vec<_> = FIGURES
        .iter()
        .filter(|(name, _)| access.sees(REPORT, name))
        .collect();
    let totals = answer.totale.unwrap_or_default();
    let rows: Vec<Row> = answer
        .voci
        .iter()
        .map(|voce| Row {
            norm: names.norm(&voce.normativa).to_owned(),
            norm_href: query
                .keep(&["rilevazione"])
                .with("normativa", &voce.normativa)
                .at(PATH),
            norm_code: voce.normativa.clone(),
            benefit: names.benefit(&voce.prestazione).to_owned(),
            kind: words::kind(voce.tipo_stanziamento()),
            figures: seen
                .iter()
                .map(|(name, _)| Figure::new(figure(voce, name)))
                .collect(),
            bar: Bar::new(
                voce.totale_stanziamenti.as_deref().unwrap_or_default(),
                &voce.importi_autorizzati,
                &voce.importi_erogati,
            ),
        })
        .collect();
    let selection = query.without(&["ordina", "verso"]);
    let as_of = AsOf::from(answer.rilevazione);
    // A file is asked for by number, so that it is of what is seen.
    let pinned = selection.with("rilevazione", as_of.number.to_string());
    let detail = answer.accesso_dettaglio.map(|detail| {
        Query::default()
            .with("rilevazione", detail.rilevazione.to_string())
            .at(&format!("{PATH}/dettaglio/{}", detail.normativa))
    });
    ReportView {
        heads: heads(&seen, query),
        has_bars: rows.iter().any(|row| row.bar.is_some()),
        totals: seen
            .iter()
            .map(|(name, _)| Figure::new(total(&totals, name)))
            .collect(),
        rows,
        detail,
        may_detail: access.may("DecreeService/ListDecrees"),
        files: match access.may(DOWNLOAD) {
            true => selection::files("/cruscotto/sintesi/file", &pinned),
            false => Vec::new(),
        },
        as_of,
    }
}

/// The report says it by this name.
fn figure<'a>(voce: &'a VoceReport, name: &str) -> Option<&'a str> {
    match name {
        "totale_stanziamenti" => voce.totale_stanziamenti.as_deref(),
        "importi_autorizzati" => Some(&voce.importi_autorizzati),
        "importi_erogati" => Some(&voce.importi_erogati),
        "residuo_autorizzato" => voce.residuo_autorizzato.as_deref(),
        "residuo_pagato" => voce.residuo_pagato.as_deref(),
        _ => None,
    }
}

fn total<'a>(totals: &'a TotaleReport, name: &str) -> Option<&'a str> {
    match name {
        "totale_stanziamenti" => totals.totale_stanziamenti.as_deref(),
        "importi_autorizzati" => Some(&totals.importi_autorizzati),
        "importi_erogati" => Some(&totals.importi_erogati),
        "residuo_autorizzato" => totals.residuo_autorizzato.as_deref(),
        "residuo_pagato" => totals.residuo_pagato.as_deref(),
        _ => None,
    }
}

fn heads(seen: &[&(&'static str, &'static str)], query: &Query) -> Vec<Head> {
    let texts = [("normativa", "Normativa"), ("prestazione", "Prestazione")];
    let all = texts.iter().map(|column| (column, false));
    let all = all.chain(seen.iter().map(|column| (*column, true)));
    let is_down = query.text("verso") == "desc";
    let heads = all.map(|(&(name, text), is_figure)| {
        let is_sorted = query.text("ordina") == name;
        let next = match is_sorted && !is_down {
            true => "desc",
            false => "asc",
        };
        Head {
            name,
            text,
            is_figure,
            sorted: match (is_sorted, is_down) {
                (false, _) => "",
                (true, true) => "descending",
                (true, false) => "ascending",
            },
            href: query.with("ordina", name).with("verso", next).at(PATH),
        }
    });
    heads.collect()
}

/// By the column that the query says; what is absent comes last.
fn sort(voci: &mut [VoceReport], query: &Query) {
    let column = query.text("ordina").to_owned();
    let is_down = query.text("verso") == "desc";
    match &*column {
        "" | "normativa" => voci.sort_by(|a, b| a.normativa.cmp(&b.normativa)),
        "prestazione" => voci.sort_by(|a, b| a.prestazione.cmp(&b.prestazione)),
        _ => {
            let value = |voce: &VoceReport| figure(voce, &column)?.parse::<Decimal>().ok();
            voci.sort_by(|a, b| match (value(a), value(b)) {
                (Some(a), Some(b)) if is_down => b.cmp(&a),
                (a, b) => a.is_none().cmp(&b.is_none()).then(a.cmp(&b)),
            });
            return;
        }
    }
    if is_down {
        voci.reverse();
    }
}
