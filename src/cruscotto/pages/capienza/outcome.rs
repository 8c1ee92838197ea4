//! Whether an agreement fits, in words and in a table.

use rust_decimal::Decimal;

use super::super::{
    selection::AsOf,
    table::{ColumnKind, FigureCell, FigureColumn, FigureTable},
    words,
};
use crate::{
    contract::proto::{AnnoCapienza, CifreCapienza, EsitoCapienza, VerificaCapienzaResponse},
    cruscotto::{access::UserAccess, format},
};

pub(super) const CAPIENZA: &str = "MonitoraggioService/VerificaCapienza";

/// The answer.
pub(super) struct CapienzaView {
    pub(super) as_of: AsOf,
    /// How the answer is shown: "success", "warning", "danger", "info".
    pub(super) alert: &'static str,
    /// In one sentence. Empty: the profile does not see it.
    pub(super) sentence: String,
    pub(super) years: FigureTable,
    /// How much is paid of what is authorised.
    pub(super) tiraggio: Option<String>,
    /// Whether what is expected weighs in any year.
    pub(super) has_estimate: bool,
}

impl CapienzaView {
    pub(super) fn of(answer: VerificaCapienzaResponse, access: &UserAccess) -> Self {
        let esito = answer.esito.as_ref().map(|one| one.esito());
        let esito = esito.unwrap_or_default();
        let worst: Vec<String> = answer
            .anni
            .iter()
            .filter(|year| outcome(year) == esito)
            .map(|year| year.anno.to_string())
            .collect();
        let (alert, sentence) = sentence(esito, &of_years(&worst));
        let tiraggio = answer.tiraggio.as_ref().and_then(|figures| {
            let part = words::permille(figures.tiraggio.as_deref()?, "1")?;
            Some(format::percentage(part))
        });
        Self {
            alert,
            sentence,
            years: years(&answer.anni, access),
            tiraggio: tiraggio.filter(|_| access.sees(CAPIENZA, "tiraggio")),
            has_estimate: answer
                .anni
                .iter()
                .filter_map(|year| year.cifre.as_ref())
                .any(|figures| figures.competenza_attesa.is_some()),
            as_of: AsOf::from(answer.rilevazione),
        }
    }
}

fn outcome(year: &AnnoCapienza) -> EsitoCapienza {
    let esito = year.esito.as_ref().map(|one| one.esito());
    esito.unwrap_or_default()
}

fn sentence(esito: EsitoCapienza, years: &str) -> (&'static str, String) {
    match esito {
        EsitoCapienza::Unspecified => ("info", String::new()),
        EsitoCapienza::NonCapiente => (
            "danger",
            format!("Non capiente: l'accordo supera già oggi lo stanziamento {years}."),
        ),
        EsitoCapienza::SenzaStanziamento => (
            "warning",
            format!(
                "Senza stanziamento: non c'è uno stanziamento {years} in cui l'accordo possa stare."
            ),
        ),
        EsitoCapienza::CapienteOggiNonInProspettiva => (
            "warning",
            format!(
                "Capiente oggi, non in prospettiva: con i decreti attesi (stima) l'accordo supera lo stanziamento {years}."
            ),
        ),
        EsitoCapienza::CapienteOggi => (
            "info",
            format!(
                "Capiente oggi: l'accordo sta negli stanziamenti, ma la competenza attesa {years} non si può stimare."
            ),
        ),
        EsitoCapienza::Capiente => (
            "success",
            "Capiente: l'accordo sta negli stanziamenti oggi e con i decreti attesi (stima)."
                .to_owned(),
        ),
    }
}

/// "del 2026", "degli anni 2026 e 2027".
fn of_years(years: &[String]) -> String {
    match years {
        [years @ .., last] if !years.is_empty() => {
            format!("degli anni {} e {last}", years.join(", "))
        }
        _ => format!("del {}", years.concat()),
    }
}

fn years(anni: &[AnnoCapienza], access: &UserAccess) -> FigureTable {
    use ColumnKind::{Accounted, Estimate, Words};
    let sees = |column| access.sees(CAPIENZA, column);
    let columns = vec![
        FigureColumn::new("Stanziamento", Accounted, sees("totale_stanziamenti")),
        FigureColumn::new(
            "Competenza dell'accordo",
            Accounted,
            sees("competenza_accordo"),
        ),
        FigureColumn::new("Competenza nota", Accounted, sees("competenza_nota")),
        FigureColumn::new("Residuo oggi", Accounted, sees("residuo_oggi")),
        FigureColumn::new("Competenza attesa", Estimate, sees("competenza_attesa")),
        FigureColumn::new(
            "Residuo in prospettiva",
            Estimate,
            sees("residuo_in_prospettiva"),
        ),
        FigureColumn::new("Esito", Words, sees("esito")),
        FigureColumn::new("Perché", Words, sees("esito")),
    ];
    let rows = anni.iter().map(|year| {
        let figures = year.cifre.clone().unwrap_or_default();
        let cells = vec![
            FigureCell::appropriation(year.stanziamento.as_ref()),
            FigureCell::euro(&figures.competenza_accordo),
            FigureCell::euro(&figures.competenza_nota),
            FigureCell::euro_if_any(figures.residuo_oggi.as_deref()),
            FigureCell::euro_if_any(figures.competenza_attesa.as_deref()),
            FigureCell::euro_if_any(figures.residuo_in_prospettiva.as_deref()),
            FigureCell::words(name(outcome(year))),
            FigureCell::words(reason(year, &figures)),
        ];
        (year.anno.to_string(), "", cells)
    });
    let caption = "L'accordo, anno per anno, in euro".to_owned();
    FigureTable::new("anni", caption, "Anno", columns, rows)
}

fn name(esito: EsitoCapienza) -> &'static str {
    match esito {
        EsitoCapienza::Unspecified => "",
        EsitoCapienza::NonCapiente => "non capiente",
        EsitoCapienza::SenzaStanziamento => "senza stanziamento",
        EsitoCapienza::CapienteOggiNonInProspettiva => "capiente oggi, non in prospettiva",
        EsitoCapienza::CapienteOggi => "capiente oggi",
        EsitoCapienza::Capiente => "capiente",
    }
}

fn reason(year: &AnnoCapienza, figures: &CifreCapienza) -> String {
    let by = format!(
        "Attesa secondo il metodo: {}.",
        words::method(year.metodo())
    );
    match outcome(year) {
        EsitoCapienza::Unspecified => String::new(),
        EsitoCapienza::NonCapiente => match short_of(figures.residuo_oggi.as_deref()) {
            Some(amount) => {
                format!("Competenza nota e accordo superano lo stanziamento di {amount}.")
            }
            None => "Competenza nota e accordo superano lo stanziamento.".to_owned(),
        },
        EsitoCapienza::SenzaStanziamento => "L'anno non ha uno stanziamento.".to_owned(),
        EsitoCapienza::CapienteOggiNonInProspettiva => {
            match short_of(figures.residuo_in_prospettiva.as_deref()) {
                Some(amount) => {
                    format!("Oggi l'accordo ci sta. Con i decreti attesi mancano {amount}. {by}")
                }
                None => format!("Oggi l'accordo ci sta, con i decreti attesi no. {by}"),
            }
        }
        EsitoCapienza::CapienteOggi => {
            "Oggi l'accordo ci sta. Mancano i dati per stimare ciò che verrà.".to_owned()
        }
        EsitoCapienza::Capiente => {
            format!("L'accordo ci sta oggi e con i decreti attesi. {by}")
        }
    }
}

/// By how much a negative residuo falls short.
fn short_of(residuo: Option<&str>) -> Option<String> {
    let residuo: Decimal = residuo?.parse().ok()?;
    residuo
        .is_sign_negative()
        .then(|| format::euro(&residuo.abs().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_years_that_decide_are_named() {
        let of = |years: &[i32]| {
            let years: Vec<String> = years.iter().map(i32::to_string).collect();
            of_years(&years)
        };
        assert_eq!(of(&[2026]), "del 2026");
        assert_eq!(of(&[2026, 2027, 2028]), "degli anni 2026, 2027 e 2028");
        let (alert, sentence) = sentence(EsitoCapienza::NonCapiente, &of(&[2026]));
        assert_eq!(alert, "danger");
        assert!(sentence.ends_with("del 2026."));
        assert_eq!(short_of(Some("-5.10")).as_deref(), Some("5,10\u{a0}€"));
        assert_eq!(short_of(Some("5.10")), None);
    }
}
