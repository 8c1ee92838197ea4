//! What several pages let a user choose: norms, benefits, a period, a rilevazione.

use tonic::Request;

use super::context::PageContext;
use crate::{
    contract::proto::{
        CriterioPeriodo, ListNormativeRequest, ListPrestazioniRequest, ListRilevazioniRequest,
        Periodo, Rilevazione,
    },
    cruscotto::{failure::PageFailure, format, query::Query},
};

/// Rilevazioni that are offered: years of them.
const OFFERED: i32 = 1000;

/// One of several that a form offers.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) text: String,
    pub(super) is_chosen: bool,
}

/// The names of norms and benefits.
#[derive(Debug, Clone)]
pub(super) struct Names {
    pub(super) norms: Vec<(String, String)>,
    pub(super) benefits: Vec<(String, String)>,
}

impl Names {
    /// Those in the scope of the user.
    pub(super) async fn read(context: &PageContext) -> Result<Self, PageFailure> {
        let mut report = context.calls.report();
        let norms = report
            .list_normative(Request::new(ListNormativeRequest {}))
            .await;
        let norms = norms
            .map_err(|status| context.failed(&status))?
            .into_inner();
        let benefits = report
            .list_prestazioni(Request::new(ListPrestazioniRequest {}))
            .await;
        let benefits = benefits
            .map_err(|status| context.failed(&status))?
            .into_inner();
        let norms = norms.normative.into_iter();
        let benefits = benefits.prestazioni.into_iter();
        Ok(Self {
            norms: norms
                .map(|norm| (norm.normativa, norm.descrizione))
                .collect(),
            benefits: benefits
                .map(|one| (one.prestazione, one.descrizione))
                .collect(),
        })
    }

    /// What a norm is called; its code where that is not known.
    pub(super) fn norm<'a>(&'a self, code: &'a str) -> &'a str {
        name(&self.norms, code)
    }

    /// What a benefit is called; its code where that is not known.
    pub(super) fn benefit<'a>(&'a self, code: &'a str) -> &'a str {
        name(&self.benefits, code)
    }

    /// The norms, with those that the query has chosen.
    pub(super) fn norm_choices(&self, query: &Query) -> Vec<Choice> {
        choices(&self.norms, query, "normativa")
    }

    /// The benefit of a query that takes one; without it, the extraordinary one, which most norms are of.
    pub(super) fn one_benefit<'a>(&'a self, query: &'a Query) -> &'a str {
        let offered = || self.benefits.iter().map(|(code, _)| code.as_str());
        match query.text("prestazione") {
            "" => offered()
                .find(|code| *code == "CIGS")
                .or_else(|| offered().next())
                .unwrap_or_default(),
            asked => asked,
        }
    }

    /// The benefits, likewise.
    pub(super) fn benefit_choices(&self, query: &Query) -> Vec<Choice> {
        choices(&self.benefits, query, "prestazione")
    }
}

fn name<'a>(names: &'a [(String, String)], code: &'a str) -> &'a str {
    let found = names
        .iter()
        .find(|(own, name)| own == code && !name.is_empty());
    found.map_or(code, |(_, name)| name)
}

/// Those that are chosen come first: a long list scrolls.
fn choices(names: &[(String, String)], query: &Query, field: &str) -> Vec<Choice> {
    let choices = names.iter().map(|(code, name)| Choice {
        value: code.clone(),
        text: match name.is_empty() {
            true => code.clone(),
            false => format!("{name} ({code})"),
        },
        is_chosen: query.has(field, code),
    });
    let mut choices: Vec<Choice> = choices.collect();
    choices.sort_by_key(|choice| !choice.is_chosen);
    choices
}

/// The rilevazioni that can be asked for, newest first. The latest has no number: what is asked without one stays the latest.
pub(super) async fn rilevazioni(context: &PageContext) -> Result<Vec<Choice>, PageFailure> {
    let listed = listed(context).await?;
    Ok(rilevazione_choices(
        &listed,
        context.query.text("rilevazione"),
    ))
}

/// The rilevazioni that can be asked for, newest first, as the service tells them.
pub(super) async fn listed(context: &PageContext) -> Result<Vec<Rilevazione>, PageFailure> {
    let request = ListRilevazioniRequest {
        page_size: OFFERED,
        page_token: String::new(),
    };
    let listed = context
        .calls
        .report()
        .list_rilevazioni(Request::new(request))
        .await;
    let listed = listed.map_err(|status| context.failed(&status))?;
    Ok(listed.into_inner().rilevazioni)
}

/// Rilevazioni as a form offers them. `chosen`: the number of the one that is chosen.
pub(super) fn rilevazione_choices(listed: &[Rilevazione], chosen: &str) -> Vec<Choice> {
    let choices = listed.iter().map(|one| {
        let withdrawn = match one.ritirata_il {
            Some(_) => ", ritirata",
            None => "",
        };
        let day = format::day(&one.data_riferimento);
        let value = one.numero.to_string();
        Choice {
            text: format!("dati al {day} (n. {value}{withdrawn})"),
            is_chosen: value == chosen,
            value,
        }
    });
    choices.collect()
}

/// The period of a query. `None`: the whole time.
pub(super) fn periodo(query: &Query) -> Option<Periodo> {
    let (dal, al) = (query.text("dal"), query.text("al"));
    let criterio: i32 = match query.text("criterio") {
        "" => 0,
        // One that there is not is for the service to refuse.
        name => CriterioPeriodo::from_str_name(name).map_or(i32::MAX, Into::into),
    };
    let is_open = dal.is_empty() && al.is_empty() && criterio != i32::MAX;
    (!is_open).then(|| Periodo {
        dal: dal.to_owned(),
        al: al.to_owned(),
        criterio,
    })
}

/// The number of a query's rilevazione; 0: the latest. One that is no number is none that there is.
pub(super) fn rilevazione(query: &Query) -> i32 {
    numbered(query, "rilevazione").unwrap_or(0)
}

/// The number of a rilevazione that a query has by this name. What is no number is none that there is.
pub(super) fn numbered(query: &Query, name: &str) -> Option<i32> {
    match query.text(name) {
        "" => None,
        text => Some(text.parse().unwrap_or(-1)),
    }
}

/// A rilevazione in plain words.
#[derive(Debug, Clone, Default)]
pub(super) struct AsOf {
    pub(super) number: i32,
    /// "31 agosto 2026"
    pub(super) day: String,
    pub(super) is_withdrawn: bool,
}

impl From<Option<Rilevazione>> for AsOf {
    fn from(rilevazione: Option<Rilevazione>) -> Self {
        let rilevazione = rilevazione.unwrap_or_default();
        Self {
            number: rilevazione.numero,
            day: format::day(&rilevazione.data_riferimento),
            is_withdrawn: rilevazione.ritirata_il.is_some(),
        }
    }
}

/// The formats of a file, as a link has them, and what they are called.
pub(super) const FORMATS: [(&str, &str); 4] = [
    ("FORMATO_FILE_XLSX", "Excel (XLSX)"),
    ("FORMATO_FILE_CSV_EXCEL", "CSV per Excel in italiano"),
    ("FORMATO_FILE_CSV", "CSV (RFC 4180)"),
    ("FORMATO_FILE_PARQUET", "Parquet"),
];

/// A link.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) href: String,
    pub(super) text: String,
}

/// A link to a file in each format.
pub(super) fn files(path: &str, query: &Query) -> Vec<Link> {
    let links = FORMATS.iter().map(|(format, text)| Link {
        href: query.with("formato", *format).at(path),
        text: (*text).to_owned(),
    });
    links.collect()
}
