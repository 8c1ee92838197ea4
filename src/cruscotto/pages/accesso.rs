//! What the user may see and do, as the grant has it (§3).

use askama::Template;

use super::{
    context::{self, Answered, PageContext},
    selection::Names,
};
use crate::{
    contract::proto::ChiamataConsentita,
    cruscotto::{format, shell::Shell},
};

#[derive(Template)]
#[template(path = "accesso.html")]
struct AccessPage {
    shell: Shell,
    soggetto: String,
    ente: String,
    applicazione: String,
    profilo: String,
    valid_from: String,
    valid_to: String,
    session_ends: String,
    /// Names of norms and benefits; empty: all.
    norms: Vec<String>,
    benefits: Vec<String>,
    calls: Vec<ChiamataConsentita>,
}

/// The page.
pub(super) async fn page(context: &PageContext) -> Answered {
    let access = context.access().await?;
    let shell = context.shell(&access, "/cruscotto/accesso");
    let ambito = access.0.ambito.clone().unwrap_or_default();
    let names = match access.may("ReportService/ListNormative") {
        true => Names::read(context).await?,
        false => Names {
            norms: Vec::new(),
            benefits: Vec::new(),
        },
    };
    let ends_at = context
        .session
        .ends_at
        .with_timezone(&chrono_tz::Europe::Rome);
    context::page(&AccessPage {
        shell,
        session_ends: ends_at.format("%H:%M").to_string(),
        norms: ambito
            .normative
            .iter()
            .map(|code| names.norm(code).to_owned())
            .collect(),
        benefits: ambito
            .prestazioni
            .iter()
            .map(|code| names.benefit(code).to_owned())
            .collect(),
        valid_from: format::day(&access.0.valida_dal),
        valid_to: format::day(&access.0.valida_al),
        soggetto: access.0.soggetto,
        ente: access.0.ente,
        applicazione: access.0.applicazione,
        profilo: access.0.profilo,
        calls: access.0.chiamate,
    })
}
