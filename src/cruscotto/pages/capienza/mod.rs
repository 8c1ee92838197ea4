//! "Verifica capienza": whether an agreement fits under the caps of the years that it touches, today and with what is expected.

mod outcome;

use askama::Template;
use tonic::Request;

use self::outcome::{CAPIENZA, CapienzaView};
use super::{
    context::{self, Answered, PageContext},
    selection::{self, Choice, Names},
};
use crate::{
    contract::proto::{VerificaCapienzaRequest, VerificaCapienzaResponse},
    cruscotto::{
        amount::typed_euro,
        failure::{PageFailure, WrongField},
        query::Query,
        response::see_other,
        shell::Shell,
    },
};

/// What nobody fills in without asking: a link may have a norm alone.
const TYPED: [&str; 3] = ["importo", "validita_dal", "validita_al"];

#[derive(Template)]
#[template(path = "capienza.html")]
struct CapienzaPage {
    shell: Shell,
    norms: Vec<Choice>,
    benefits: Vec<Choice>,
    rilevazioni: Vec<Choice>,
    query: Query,
    error: Option<String>,
    errors: Vec<WrongField>,
    view: Option<CapienzaView>,
}

/// The page.
pub(super) async fn page(context: &PageContext) -> Answered {
    let access = context.access().await?;
    if !access.may(CAPIENZA) {
        return Ok(see_other("/cruscotto/accesso"));
    }
    let query = &context.query;
    let names = Names::read(context).await?;
    let rilevazioni = selection::rilevazioni(context).await?;
    let benefit = names.one_benefit(query).to_owned();
    let (mut error, mut errors, mut view) = (None, Vec::new(), None);
    if TYPED.iter().any(|name| !query.text(name).is_empty()) {
        match verify(context, &benefit).await {
            Ok(answer) => view = Some(CapienzaView::of(answer, &access)),
            Err(failure) if failure.is_of_the_form() => {
                error = Some(failure.text);
                errors = failure.fields;
            }
            Err(failure) => return Err(failure),
        }
    }
    context::page(&CapienzaPage {
        shell: context.shell(&access, "/cruscotto/capienza"),
        norms: names.norm_choices(query),
        benefits: names.benefit_choices(&query.with("prestazione", benefit)),
        rilevazioni,
        query: query.clone(),
        error,
        errors,
        view,
    })
}

async fn verify(
    context: &PageContext,
    benefit: &str,
) -> Result<VerificaCapienzaResponse, PageFailure> {
    let query = &context.query;
    let missing = ["normativa"].into_iter().chain(TYPED);
    let missing = missing.filter(|name| query.text(name).is_empty());
    let mut wrong: Vec<WrongField> = missing
        .map(|name| WrongField::new(name, "manca."))
        .collect();
    let importo = typed_euro(query.text("importo"));
    if importo.is_none() && !query.text("importo").is_empty() {
        wrong.push(WrongField::new(
            "importo",
            "deve essere un importo in euro, con al massimo due decimali: per esempio 1.234.567,80.",
        ));
    }
    let Some(importo) = importo.filter(|_| wrong.is_empty()) else {
        return Err(PageFailure::of_fields(wrong));
    };
    let request = VerificaCapienzaRequest {
        normativa: query.text("normativa").to_owned(),
        prestazione: benefit.to_owned(),
        importo,
        validita_dal: query.text("validita_dal").to_owned(),
        validita_al: query.text("validita_al").to_owned(),
        rilevazione: selection::rilevazione(query),
    };
    let mut service = context.calls.monitoraggio();
    let answered = service.verifica_capienza(Request::new(request)).await;
    Ok(answered
        .map_err(|status| context.failed(&status))?
        .into_inner())
}
