//! What a projection says, in sentences: how what is authorised and paid stands to the cap, which method says so and how wrong it was, and
//! what is missing.

use super::words::{method_name, month_name, tipo_name};
use crate::{
    cli::report_table::grouped,
    contract::proto::{
        GetProiezioneResponse, MetodoProiezione, StatoProiezione, StatoStanziamento,
        StimaProiezione,
    },
};

/// The estimate that the states follow.
pub(super) fn followed(projection: &GetProiezioneResponse) -> Option<&StimaProiezione> {
    let method = projection.metodo();
    let mut estimates = projection.stime.iter();
    estimates
        .find(|estimate| estimate.metodo() == method && method != MetodoProiezione::Unspecified)
}

/// All that is to be said, by what it is about.
pub(super) fn sentences(
    projection: &GetProiezioneResponse,
    anno: i32,
) -> Vec<(&'static str, String)> {
    let mut sentences = Vec::new();
    for (about, subject, state) in [
        (
            "autorizzato",
            "Quanto è autorizzato",
            &projection.autorizzato,
        ),
        ("erogato", "Quanto è erogato", &projection.erogato),
    ] {
        let told = state
            .as_ref()
            .and_then(|state| told(subject, state, projection, anno));
        sentences.extend(told.map(|told| (about, told)));
    }
    let method = followed(projection);
    sentences.extend(method.map(|estimate| ("metodo", estimated(estimate))));
    let others = projection
        .stime
        .iter()
        .filter(|estimate| estimate.metodo() != projection.metodo())
        .map(other);
    let others: Vec<String> = others.collect();
    if !others.is_empty() {
        sentences.push((
            "altri_metodi",
            format!("Altri metodi: {}.", others.join("; ")),
        ));
    }
    if !projection.dati_mancanti.is_empty() {
        let missing = projection.dati_mancanti.join(" ");
        sentences.push(("dati_mancanti", missing));
    }
    sentences
}

/// How an amount stands to the cap. `None`: the caller does not see it.
fn told(
    subject: &str,
    state: &StatoProiezione,
    projection: &GetProiezioneResponse,
    anno: i32,
) -> Option<String> {
    let cap = match &projection.stanziamento {
        Some(cap) if !cap.totale_stanziamenti.is_empty() => format!(
            "lo stanziamento del {anno} ({}, {} euro)",
            tipo_name(cap),
            grouped(&cap.totale_stanziamenti)
        ),
        _ => format!("lo stanziamento del {anno}"),
    };
    let with = match state.mese_raggiungimento.as_str() {
        "" => String::new(),
        mese => format!(" con la competenza di {}", month_name(mese)),
    };
    Some(match state.stato() {
        StatoStanziamento::Unspecified => return None,
        StatoStanziamento::Entro => {
            format!("{subject} resta entro {cap}, compreso quanto è atteso.")
        }
        StatoStanziamento::RaggiuntoInProspettiva => {
            format!("{subject} è oggi entro {cap}, e con quanto è atteso lo raggiunge{with}.")
        }
        StatoStanziamento::Raggiunto => format!("{subject} ha raggiunto {cap}{with}."),
        StatoStanziamento::SenzaStanziamento => {
            format!("{subject} non ha uno stanziamento con cui confrontarsi nel {anno}.")
        }
        StatoStanziamento::DatiInsufficienti => {
            format!("{subject} è oggi entro {cap}; di quanto è da venire non si può dire nulla.")
        }
    })
}

/// The method that is followed, what it expects, and how wrong it was.
fn estimated(estimate: &StimaProiezione) -> String {
    let cifre = estimate.cifre.clone().unwrap_or_default();
    let range = cifre.competenza_minima.zip(cifre.competenza_massima);
    let range =
        range.map(|(least, most)| format!(" (da {} a {})", grouped(&least), grouped(&most)));
    let error = past_error(estimate, cifre.errore_medio.as_deref());
    let expected = match cifre.competenza_prevista.as_str() {
        // The caller does not see it.
        "" => String::new(),
        prevista => format!(
            " competenza prevista {}{} euro;",
            grouped(prevista),
            range.unwrap_or_default()
        ),
    };
    let method = method_name(estimate.metodo());
    format!("Stima con il metodo {method}:{expected} {error}.")
}

fn other(estimate: &StimaProiezione) -> String {
    let cifre = estimate.cifre.clone().unwrap_or_default();
    let error = past_error(estimate, cifre.errore_medio.as_deref());
    let method = method_name(estimate.metodo());
    match cifre.competenza_prevista.as_str() {
        "" => format!("{method} ({error})"),
        prevista => format!("{method} {} euro ({error})", grouped(prevista)),
    }
}

fn past_error(estimate: &StimaProiezione, error: Option<&str>) -> String {
    match (error, estimate.verifiche.len()) {
        (Some(error), 1) => format!(
            "errore di {} euro nell'unica verifica sul passato",
            grouped(error)
        ),
        (Some(error), tests) => format!(
            "errore medio di {} euro in {tests} verifiche sul passato",
            grouped(error)
        ),
        (None, 0) => "mai verificato sul passato".to_owned(),
        (None, tests) => format!("{tests} verifiche sul passato"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::proto::{CifreStima, StanziamentoAnno, TipoStanziamento, VerificaStima};

    fn state(stato: StatoStanziamento, mese: &str) -> Option<StatoProiezione> {
        Some(StatoProiezione {
            stato: stato.into(),
            mese_raggiungimento: mese.into(),
        })
    }

    fn told_of(stato: StatoStanziamento, mese: &str) -> Option<String> {
        let projection = GetProiezioneResponse {
            stanziamento: Some(StanziamentoAnno {
                totale_stanziamenti: "1050.00".into(),
                tipo_stanziamento: TipoStanziamento::Limite.into(),
            }),
            ..GetProiezioneResponse::default()
        };
        let state = state(stato, mese).unwrap_or_default();
        told("Quanto è autorizzato", &state, &projection, 2026)
    }

    #[test]
    fn a_state_is_a_sentence() {
        use StatoStanziamento as Stato;
        for (stato, mese, expected) in [
            (Stato::Unspecified, "", None),
            (
                Stato::Entro,
                "",
                Some(
                    "Quanto è autorizzato resta entro lo stanziamento del 2026 (limite di spesa, 1.050,00 euro), compreso quanto è atteso.",
                ),
            ),
            (
                Stato::RaggiuntoInProspettiva,
                "2026-10",
                Some(
                    "Quanto è autorizzato è oggi entro lo stanziamento del 2026 (limite di spesa, 1.050,00 euro), e con quanto è atteso lo raggiunge con la competenza di ottobre 2026.",
                ),
            ),
            (
                Stato::Raggiunto,
                "2026-05",
                Some(
                    "Quanto è autorizzato ha raggiunto lo stanziamento del 2026 (limite di spesa, 1.050,00 euro) con la competenza di maggio 2026.",
                ),
            ),
            (
                Stato::SenzaStanziamento,
                "",
                Some("Quanto è autorizzato non ha uno stanziamento con cui confrontarsi nel 2026."),
            ),
            (
                Stato::DatiInsufficienti,
                "",
                Some(
                    "Quanto è autorizzato è oggi entro lo stanziamento del 2026 (limite di spesa, 1.050,00 euro); di quanto è da venire non si può dire nulla.",
                ),
            ),
        ] {
            assert_eq!(told_of(stato, mese).as_deref(), expected);
        }
    }

    #[test]
    fn a_method_tells_its_error_and_the_others_theirs() {
        let estimate =
            |method: MetodoProiezione, error: Option<&str>, tests: usize| StimaProiezione {
                metodo: method.into(),
                cifre: Some(CifreStima {
                    competenza_prevista: "1300.00".into(),
                    competenza_minima: error.map(|_| "1200.00".into()),
                    competenza_massima: error.map(|_| "1400.00".into()),
                    errore_medio: error.map(str::to_owned),
                    ..CifreStima::default()
                }),
                verifiche: vec![VerificaStima::default(); tests],
                ..StimaProiezione::default()
            };
        let projection = GetProiezioneResponse {
            metodo: MetodoProiezione::Stagionale.into(),
            stime: vec![
                estimate(MetodoProiezione::Stagionale, Some("10.50"), 5),
                estimate(MetodoProiezione::Media12Mesi, Some("20.00"), 1),
                estimate(MetodoProiezione::Media3Mesi, None, 0),
            ],
            dati_mancanti: vec!["Manca questo.".into(), "Manca quello.".into()],
            ..GetProiezioneResponse::default()
        };
        let told: Vec<String> = sentences(&projection, 2026)
            .into_iter()
            .map(|(_, told)| told)
            .collect();
        assert_eq!(
            told,
            [
                "Stima con il metodo stagionale: competenza prevista 1.300,00 (da 1.200,00 a 1.400,00) euro; errore medio di 10,50 euro in 5 verifiche sul passato.",
                "Altri metodi: media di dodici mesi 1.300,00 euro (errore di 20,00 euro nell'unica verifica sul passato); media di tre mesi 1.300,00 euro (mai verificato sul passato).",
                "Manca questo. Manca quello.",
            ]
        );
    }
}
