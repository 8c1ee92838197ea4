//! What is different between two rilevazioni: how much each figure moved, and the rows that moved it.

mod chosen;
mod contract_names;
mod difference;
mod figure;
mod row_page;
mod rows;
mod view;

use askama::Template;
use tonic::Request;

pub(super) use self::rows::page as rows_page;
use self::{
    chosen::ChosenPair,
    contract_names::{COMPARE, PATH, filtro},
    view::ComparisonView,
};
use super::{
    context::{self, Answered, PageContext},
    selection::{self, Choice, Names},
};
use crate::{
    contract::proto::ConfrontaRilevazioniRequest,
    cruscotto::{failure::WrongField, response::see_other, shell::Shell},
};

#[derive(Template)]
#[template(path = "confronto.html")]
struct ComparisonPage {
    shell: Shell,
    before: Vec<Choice>,
    after: Vec<Choice>,
    norms: Vec<Choice>,
    benefits: Vec<Choice>,
    error: Option<String>,
    errors: Vec<WrongField>,
    /// Why there is nothing to compare.
    remark: Option<&'static str>,
    comparison: Option<ComparisonView>,
}

/// The page.
pub(super) async fn page(context: &PageContext) -> Answered {
    let access = context.access().await?;
    if !access.may(COMPARE) {
        return Ok(see_other("/cruscotto/accesso"));
    }
    let query = &context.query;
    let names = Names::read(context).await?;
    let offered = selection::listed(context).await?;
    let (mut error, mut errors, mut remark, mut comparison) = (None, Vec::new(), None, None);
    match ChosenPair::of(query, &offered) {
        ChosenPair::TooFew => {
            remark = Some(
                "Per un confronto servono due rilevazioni: prima di quella scelta non ce n'è un'altra.",
            );
        }
        ChosenPair::Same => {
            remark = Some(
                "Hai scelto due volte la stessa rilevazione: fra una rilevazione e se stessa non c'è differenza. Scegline un'altra.",
            );
        }
        ChosenPair::Two(da, a) => {
            let request = ConfrontaRilevazioniRequest {
                filtro: filtro(query),
                da,
                a,
            };
            let mut monitoraggio = context.calls.monitoraggio();
            let answered = monitoraggio.confronta_rilevazioni(Request::new(request));
            match answered.await {
                Ok(answer) => {
                    let answer = answer.into_inner();
                    let filters = query.without(&["da", "a"]);
                    comparison = Some(ComparisonView::new(answer, &access, &names, &filters));
                }
                Err(status) => {
                    let failure = context.failed(&status);
                    if !failure.is_of_the_form() {
                        return Err(failure);
                    }
                    error = Some(failure.text);
                    errors = failure.fields;
                }
            }
        }
    }
    context::page(&ComparisonPage {
        shell: context.shell(&access, PATH),
        before: selection::rilevazione_choices(&offered, query.text("da")),
        after: selection::rilevazione_choices(&offered, query.text("a")),
        norms: names.norm_choices(query),
        benefits: names.benefit_choices(query),
        error,
        errors,
        remark,
        comparison,
    })
}
