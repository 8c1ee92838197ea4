//! The rows that moved a figure, page by page: each as it was and as it is.

use askama::Template;
use tonic::Request;

use super::{
    contract_names::{COMPARE, DOWNLOAD, EXPORT, FILE_PATH, PATH, ROWS_PATH, filtro},
    difference::{ChangedValue, DifferenceRow},
    row_page::{RowPage, RowPlace},
};
use crate::{
    contract::proto::{
        ConfrontaRilevazioniRequest, ExportDifferenzeRequest, IntestazioneDifferenze,
        RigheConfronto, export_differenze_response::Parte,
    },
    cruscotto::{
        access::UserAccess,
        failure::PageFailure,
        format,
        pages::{
            context::{self, Answered, PageContext},
            selection::{self, AsOf, Link, Names},
        },
        query::Query,
        shell::Shell,
    },
};

/// What of a query is the place in the rows, and not what they are of.
const PLACE: [&str; 3] = ["riprendi", "salta", "dalla_riga"];

#[derive(Template)]
#[template(path = "confronto_righe.html")]
struct DifferencesPage {
    shell: Shell,
    before: AsOf,
    after: AsOf,
    /// The comparison that the rows are of.
    comparison_href: String,
    /// The one norm and benefit that they are of; empty where there are several.
    norm: String,
    benefit: String,
    counts: Option<[String; 4]>,
    seen: DifferenceColumns,
    rows: Vec<DifferenceRow>,
    has_masked: bool,
    first_row: String,
    last_row: String,
    begin: Option<String>,
    next: Option<String>,
    files: Vec<Link>,
}

/// The columns that there are for this user.
struct DifferenceColumns {
    /// Where there are rows of several norms.
    norm: bool,
    codifica: bool,
    decree: bool,
    validity: bool,
    company: bool,
    matricola: bool,
    /// Hours, authorised, paid: their headings, and whether they are seen.
    figures: [(&'static str, bool); 3],
}

/// The page.
pub(in super::super) async fn page(context: &PageContext) -> Answered {
    let access = context.access().await?;
    let query = &context.query;
    let names = Names::read(context).await?;
    let (intestazione, page) = read(context).await?;
    let (before, after) = (AsOf::from(intestazione.da), AsOf::from(intestazione.a));
    let pinned = query.without(&PLACE).with("a", after.number.to_string());
    let counts = match access.may(COMPARE) {
        true => Some(counts(context, before.number, after.number).await?),
        false => None,
    };
    let first: i64 = query.number("dalla_riga").unwrap_or(1).max(1);
    let last = first.saturating_add(i64::try_from(page.rows.len()).unwrap_or(0)) - 1;
    let rows = page.rows.into_iter();
    let rows: Vec<DifferenceRow> = rows.map(DifferenceRow::new).collect();
    let next = page.next.map(|place| {
        let next = pinned
            .with("salta", place.skipped.to_string())
            .with("dalla_riga", last.saturating_add(1).to_string());
        match place.token.is_empty() {
            true => next.at(ROWS_PATH),
            false => next.with("riprendi", place.token).at(ROWS_PATH),
        }
    });
    context::page(&DifferencesPage {
        shell: context.shell(&access, PATH),
        comparison_href: pinned.without(&["normativa", "prestazione"]).at(PATH),
        norm: one_of(query, "normativa", |code| names.norm(code).to_owned()),
        benefit: one_of(query, "prestazione", |code| names.benefit(code).to_owned()),
        counts: counts.map(told),
        seen: DifferenceColumns::of(&access, query),
        has_masked: rows.iter().any(|row| row.is_masked),
        rows,
        first_row: format::count(first),
        last_row: format::count(last),
        begin: (first > 1).then(|| pinned.at(ROWS_PATH)),
        next,
        files: match access.may(DOWNLOAD) {
            true => selection::files(FILE_PATH, &pinned),
            false => Vec::new(),
        },
        before,
        after,
    })
}

/// The rows of the page. The stream ends where the page is full: nobody reads what follows.
async fn read(context: &PageContext) -> Result<(IntestazioneDifferenze, RowPage), PageFailure> {
    let query = &context.query;
    let place = RowPlace {
        token: query.text("riprendi").to_owned(),
        skipped: query.number("salta").unwrap_or(0),
    };
    let request = ExportDifferenzeRequest {
        filtro: filtro(query),
        da: selection::numbered(query, "da").unwrap_or(0),
        a: selection::numbered(query, "a").unwrap_or(0),
        resume_token: place.token.clone(),
    };
    let mut monitoraggio = context.calls.monitoraggio();
    let stream = monitoraggio.export_differenze(Request::new(request)).await;
    let mut stream = stream
        .map_err(|status| context.failed(&status))?
        .into_inner();
    let mut intestazione = IntestazioneDifferenze::default();
    let mut page = RowPage::new(place);
    while page.next.is_none() {
        let message = stream.message().await;
        let message = message.map_err(|status| context.failed(&status))?;
        match message.and_then(|message| message.parte) {
            Some(Parte::Intestazione(told)) => intestazione = told,
            Some(Parte::Lotto(lotto)) => page.take(lotto),
            Some(Parte::Chiusura(_)) => {
                // Heard to its end, the call is recorded as one that went well.
                let end = stream.trailers().await;
                end.map_err(|status| context.failed(&status))?;
                break;
            }
            None => {
                return Err(PageFailure::new(
                    http::StatusCode::SERVICE_UNAVAILABLE,
                    "L'elenco delle righe si è interrotto.",
                ));
            }
        }
    }
    Ok((intestazione, page))
}

/// How many rows there are of each kind.
async fn counts(context: &PageContext, da: i32, a: i32) -> Result<RigheConfronto, PageFailure> {
    let request = ConfrontaRilevazioniRequest {
        filtro: filtro(&context.query),
        da,
        a,
    };
    let mut monitoraggio = context.calls.monitoraggio();
    let answered = monitoraggio
        .confronta_rilevazioni(Request::new(request))
        .await;
    let answer = answered.map_err(|status| context.failed(&status))?;
    let total = answer.into_inner().totale.unwrap_or_default();
    Ok(total.differenze.unwrap_or_default())
}

/// All, new, changed, gone.
fn told(counts: RigheConfronto) -> [String; 4] {
    let RigheConfronto {
        nuove,
        variate,
        cessate,
    } = counts;
    [nuove + variate + cessate, nuove, variate, cessate].map(format::count)
}

/// What the one value of a filter is called.
fn one_of(query: &Query, name: &str, called: impl Fn(&str) -> String) -> String {
    match &query.all(name)[..] {
        [code] => called(code),
        _ => String::new(),
    }
}

impl DifferenceColumns {
    fn of(access: &UserAccess, query: &Query) -> Self {
        let sees = |column| access.sees(EXPORT, column);
        Self {
            norm: sees("normativa") && query.all("normativa").len() != 1,
            codifica: sees("codifica_sistema_unico"),
            decree: sees("numero_decreto") || sees("data_decreto"),
            validity: sees("validita_dal") || sees("validita_al"),
            company: sees("cf_azienda"),
            matricola: sees("matricola_azienda"),
            figures: [
                ("Ore decretate", sees("ore_decretate")),
                ("Importi autorizzati", sees("importi_autorizzati")),
                ("Importi erogati", sees("importi_erogati")),
            ],
        }
    }
}
