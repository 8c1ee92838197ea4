//! The decrees behind a figure (§2.2): one norm, five filters, nine columns, page by page.
//!
//! A codice fiscale is in no URL. Its form is sent with POST, the session keeps what it says, and the browser goes on to the page with the
//! number of that search: reload, back and the links of the page work, and the address tells nobody whom it is about.

use askama::Template;
use http::request::Parts;
use tonic::{Request, body::Body};

use super::{
    context::{self, Answered, PageContext},
    selection::{self, AsOf, Choice, Link, Names},
};
use crate::{
    blocks::persons::MASK,
    contract::proto::{
        CountDecreesRequest, DettaglioDecreto, FiltroDecreti, ListDecreesRequest, TotaliControllo,
    },
    cruscotto::{
        access::UserAccess,
        entry::unavailable,
        failure::{PageFailure, WrongField},
        form::{self, TOKEN},
        format,
        query::Query,
        response::see_other,
        shell::Shell,
    },
};

const LIST: &str = "DecreeService/ListDecrees";
const COUNT: &str = "DecreeService/CountDecrees";
const DOWNLOAD: &str = "DecreeService/DownloadDecrees";
/// Rows of a page.
const ROWS: i32 = 50;
/// What a query may hold. A codice fiscale is not among it.
const KNOWN: [&str; 10] = [
    "codifica_sistema_unico",
    "numero_decreto",
    "matricola_azienda",
    "dal",
    "al",
    "criterio",
    "rilevazione",
    "ricerca",
    "pagina",
    "dalla_riga",
];

#[derive(Template)]
#[template(path = "dettaglio.html")]
struct DettaglioPage {
    shell: Shell,
    norm: String,
    norm_code: String,
    path: String,
    rilevazioni: Vec<Choice>,
    query: Query,
    by_company: bool,
    by_matricola: bool,
    /// The company that this search is about.
    company: String,
    error: Option<String>,
    errors: Vec<WrongField>,
    result: Option<DetailView>,
}

struct DetailView {
    as_of: AsOf,
    rows: Vec<DecreeLine>,
    has_masked: bool,
    /// Rows, hours, euro authorised, euro paid.
    totals: [String; 4],
    first_row: String,
    last_row: String,
    begin: Option<String>,
    next: Option<String>,
    files: Vec<Link>,
}

struct DecreeLine {
    codifica: String,
    benefit: String,
    number: String,
    date: String,
    from: String,
    to: String,
    company: String,
    is_masked: bool,
    matricola: String,
    hours: String,
    authorised: String,
    paid: String,
}

/// The page.
pub(super) async fn page(context: &PageContext, norm: &str) -> Answered {
    let access = context.access().await?;
    let query = &context.query;
    if !query.only(&KNOWN) {
        return Err(PageFailure::new(
            http::StatusCode::BAD_REQUEST,
            "L'indirizzo contiene un filtro che non è previsto. Un codice fiscale non può stare in un indirizzo.",
        ));
    }
    let names = Names::read(context).await?;
    let rilevazioni = selection::rilevazioni(context).await?;
    let company = company(context).await?;
    let filtro = filtro(query, &company);
    let (mut error, mut errors, mut result) = (None, Vec::new(), None);
    match read(context, norm, filtro, &access).await {
        Ok(view) => result = Some(view),
        Err(failure)
            if failure.is_of_the_form() && names.norms.iter().any(|(code, _)| code == norm) =>
        {
            error = Some(failure.text);
            errors = failure.fields;
        }
        Err(failure) => return Err(failure),
    }
    context::page(&DettaglioPage {
        shell: context.shell(&access, "/cruscotto"),
        norm: names.norm(norm).to_owned(),
        norm_code: norm.to_owned(),
        path: path(norm),
        rilevazioni,
        query: query.clone(),
        by_company: access.filters_by(LIST, "cf_azienda"),
        by_matricola: access.filters_by(LIST, "matricola_azienda"),
        company,
        error,
        errors,
        result,
    })
}

/// Keeps a search by company, and goes on to its page. The other filters of the form are in its address.
pub(super) async fn search(
    context: &PageContext,
    norm: &str,
    asked: &Parts,
    body: Body,
) -> Answered {
    let parts = &context.site.parts;
    let form = form::read(asked, body, parts.patience).await?;
    form::check(&form, &context.session)?;
    let query = form.without(&[TOKEN, "cf_azienda", "ricerca"]).single();
    let query = match form.text("cf_azienda") {
        "" => query,
        company => {
            // Nothing is kept that the door refuses, or that is no codice fiscale.
            let request = ListDecreesRequest {
                normativa: norm.to_owned(),
                filtro: filtro(&query, company),
                rilevazione: selection::rilevazione(&query),
                page_size: 1,
                page_token: String::new(),
            };
            let asked = context
                .calls
                .decrees()
                .list_decrees(Request::new(request))
                .await;
            asked.map_err(|status| context.failed(&status))?;
            let kept = parts.sessions.keep_search(&context.session, company).await;
            let number = kept.map_err(|error| unavailable(&error))?;
            let number = number.ok_or_else(PageFailure::session_over)?;
            query.with("ricerca", number.to_string())
        }
    };
    Ok(see_other(&query.at(&path(norm))))
}

/// The company of the search that the query names; an empty text where it names none.
///
/// # Errors
/// The session has no such search.
pub(super) async fn company(context: &PageContext) -> Result<String, PageFailure> {
    let number = match context.query.text("ricerca") {
        "" => return Ok(String::new()),
        text => text.parse().unwrap_or(0),
    };
    let sessions = &context.site.parts.sessions;
    let found = sessions.search(&context.session, number).await;
    found.map_err(|error| unavailable(&error))?.ok_or_else(|| {
        PageFailure::new(
            http::StatusCode::NOT_FOUND,
            "La ricerca per codice fiscale era di un'altra sessione: ripetila dalla pagina del dettaglio.",
        )
    })
}

/// The five filters.
fn filtro(query: &Query, company: &str) -> Option<FiltroDecreti> {
    let filtro = FiltroDecreti {
        codifica_sistema_unico: query.text("codifica_sistema_unico").to_owned(),
        numero_decreto: query.text("numero_decreto").to_owned(),
        periodo: selection::periodo(query),
        cf_azienda: company.to_owned(),
        matricola_azienda: query.text("matricola_azienda").to_owned(),
    };
    (filtro != FiltroDecreti::default()).then_some(filtro)
}

fn path(norm: &str) -> String {
    let code = percent_encoding::utf8_percent_encode(norm, percent_encoding::NON_ALPHANUMERIC);
    // A code has hyphens, which mean nothing in a path.
    format!("/cruscotto/dettaglio/{code}").replace("%2D", "-")
}

async fn read(
    context: &PageContext,
    norm: &str,
    filtro: Option<FiltroDecreti>,
    access: &UserAccess,
) -> Result<DetailView, PageFailure> {
    let query = &context.query;
    let mut decrees = context.calls.decrees();
    let listed = decrees
        .list_decrees(Request::new(ListDecreesRequest {
            normativa: norm.to_owned(),
            filtro: filtro.clone(),
            rilevazione: selection::rilevazione(query),
            page_size: ROWS,
            page_token: query.text("pagina").to_owned(),
        }))
        .await;
    let listed = listed
        .map_err(|status| context.failed(&status))?
        .into_inner();
    let as_of = AsOf::from(listed.rilevazione);
    let totals = match access.may(COUNT) {
        true => {
            let counted = decrees
                .count_decrees(Request::new(CountDecreesRequest {
                    normativa: norm.to_owned(),
                    filtro,
                    // The very one that the rows are of: another may have come meanwhile.
                    rilevazione: as_of.number,
                }))
                .await;
            let counted = counted.map_err(|status| context.failed(&status))?;
            counted.into_inner().totali.unwrap_or_default()
        }
        false => TotaliControllo::default(),
    };
    // The address says where the page begins, and it is the caller's.
    let first: i64 = query.number("dalla_riga").unwrap_or(1);
    let first = first.clamp(1, totals.righe.max(1));
    let last = first.saturating_add(i64::try_from(listed.decreti.len()).unwrap_or(0)) - 1;
    let rows: Vec<DecreeLine> = listed.decreti.into_iter().map(detail).collect();
    let selection = query.without(&["pagina", "dalla_riga"]);
    let pinned = selection.with("rilevazione", as_of.number.to_string());
    let token = listed.next_page_token;
    Ok(DetailView {
        has_masked: rows.iter().any(|row| row.is_masked),
        rows,
        totals: [
            format::count(totals.righe),
            format::number(&totals.ore_decretate),
            format::euro(&totals.importi_autorizzati),
            format::euro(&totals.importi_erogati),
        ],
        first_row: format::count(first),
        last_row: format::count(last),
        begin: (first > 1).then(|| selection.at(&path(norm))),
        next: (!token.is_empty()).then(|| {
            let next = pinned
                .with("pagina", token)
                .with("dalla_riga", last.saturating_add(1).to_string());
            next.at(&path(norm))
        }),
        files: match access.may(DOWNLOAD) {
            true => selection::files(&format!("{}/file", path(norm)), &pinned),
            false => Vec::new(),
        },
        as_of,
    })
}

fn detail(row: DettaglioDecreto) -> DecreeLine {
    DecreeLine {
        benefit: row.prestazione,
        is_masked: row.cf_azienda == MASK,
        codifica: row.codifica_sistema_unico,
        number: row.numero_decreto,
        date: format::short_day(&row.data_decreto),
        from: format::short_day(&row.validita_dal),
        to: format::short_day(&row.validita_al),
        company: row.cf_azienda,
        matricola: row.matricola_azienda,
        hours: format::number(&row.ore_decretate),
        authorised: format::euro(&row.importi_autorizzati),
        paid: format::euro(&row.importi_erogati),
    }
}
