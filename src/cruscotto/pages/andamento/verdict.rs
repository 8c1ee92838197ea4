//! How an amount stands to the cap, in words.

use crate::{
    contract::proto::{StatoProiezione, StatoStanziamento},
    cruscotto::format,
};

/// What is said of an amount.
pub(super) struct Verdict {
    /// "Autorizzato"
    pub(super) what: &'static str,
    /// How it is shown: "success", "warning", "danger", "info".
    pub(super) alert: &'static str,
    pub(super) text: &'static str,
    pub(super) month: Option<String>,
}

impl Verdict {
    /// Of a state. `None`: the profile does not see it.
    pub(super) fn of(what: &'static str, state: Option<&StatoProiezione>) -> Option<Self> {
        let state = state?;
        let (alert, text) = words(state.stato())?;
        let is_expected = state.stato() == StatoStanziamento::RaggiuntoInProspettiva;
        let month = (!state.mese_raggiungimento.is_empty()).then(|| {
            let month = format::month(&state.mese_raggiungimento);
            match is_expected {
                true => format!("Mese in cui ci si attende che sia raggiunto (stima): {month}."),
                false => format!("Mese di competenza in cui è raggiunto: {month}."),
            }
        });
        Some(Self {
            what,
            alert,
            text,
            month,
        })
    }
}

fn words(state: StatoStanziamento) -> Option<(&'static str, &'static str)> {
    match state {
        StatoStanziamento::Unspecified => None,
        StatoStanziamento::Entro => Some((
            "success",
            "entro lo stanziamento, anche con ciò che è atteso.",
        )),
        StatoStanziamento::RaggiuntoInProspettiva => Some((
            "warning",
            "stanziamento raggiunto in prospettiva. Ciò che è noto è sotto lo stanziamento; con ciò che è atteso lo raggiunge.",
        )),
        StatoStanziamento::Raggiunto => Some((
            "danger",
            "stanziamento raggiunto da ciò che è già noto, compresi i mesi futuri dell'anno.",
        )),
        StatoStanziamento::SenzaStanziamento => Some((
            "info",
            "l'anno non ha uno stanziamento con cui fare il confronto.",
        )),
        StatoStanziamento::DatiInsufficienti => Some((
            "info",
            "ciò che è noto è sotto lo stanziamento; di ciò che verrà non si può dire nulla, perché mancano dati.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_that_is_expected_says_so() {
        let state = |stato: StatoStanziamento| StatoProiezione {
            stato: stato.into(),
            mese_raggiungimento: "2026-10".to_owned(),
        };
        let verdict = |stato| Verdict::of("Autorizzato", Some(&state(stato)));
        let expected = verdict(StatoStanziamento::RaggiuntoInProspettiva).unwrap();
        assert!(expected.month.unwrap().contains("(stima): ottobre"));
        let reached = verdict(StatoStanziamento::Raggiunto).unwrap();
        assert!(!reached.month.unwrap().contains("stima"));
        assert!(verdict(StatoStanziamento::Unspecified).is_none());
    }
}
