//! `omnia get capienza`: whether an agreement fits.

use clap::Args;

use super::{
    answer::{AnswerTable, STANZIAMENTO, TIPO},
    question::Question,
    words::{method_value, stanziamento_cells, value},
};
use crate::{
    cli::{
        get::{
            failure::Failure,
            selection::{PairArgs, RilevazioneArgs},
            service_client::ServiceClient,
        },
        report_table::grouped,
    },
    contract::{
        column::Column,
        proto::{
            AnnoCapienza, CifreCapienza, EsitoCapienza, VerificaCapienzaRequest,
            VerificaCapienzaResponse,
        },
    },
    files::{CellType, FileColumn, FileTable},
};

static TABLE: FileTable = FileTable {
    title: "Capienza degli stanziamenti per un accordo",
    name: "capienza",
    columns: &[
        FileColumn::of_row("anno", CellType::Count, "Anno che l'accordo tocca."),
        FileColumn::of(
            Column::Esito,
            CellType::Text,
            "NON_CAPIENTE, SENZA_STANZIAMENTO, CAPIENTE_OGGI_NON_IN_PROSPETTIVA, CAPIENTE_OGGI (quanto verrà non si può stimare) o CAPIENTE.",
        ),
        STANZIAMENTO,
        TIPO,
        FileColumn::of(
            Column::CompetenzaAccordo,
            CellType::Sum,
            "Competenza dell'accordo nell'anno, in euro.",
        ),
        FileColumn::of(
            Column::CompetenzaNota,
            CellType::Sum,
            "Competenza dell'anno che è nota, senza l'accordo, in euro.",
        ),
        FileColumn::of(
            Column::ResiduoOggi,
            CellType::Sum,
            "totale_stanziamenti - competenza_nota - competenza_accordo, in euro: negativo dove l'accordo non è capiente. Vuoto senza stanziamento.",
        ),
        FileColumn::of(
            Column::CompetenzaAttesa,
            CellType::Sum,
            "Stima: quanto aggiungeranno i decreti a venire, in euro. Vuoto dove non si può stimare.",
        ),
        FileColumn::of(
            Column::ResiduoInProspettiva,
            CellType::Sum,
            "Stima: residuo_oggi - competenza_attesa, in euro. Vuoto dove manca l'uno o l'altra.",
        ),
        FileColumn::of_row("metodo", CellType::Text, "Metodo della stima."),
    ],
};

#[derive(Debug, Args)]
pub(in crate::cli::get) struct CapienzaArgs {
    #[command(flatten)]
    pair: PairArgs,
    /// Euro that the agreement authorises (1234567.80).
    #[arg(long, value_name = "EURO")]
    importo: String,
    /// First day of its validity, included (YYYY-MM-DD).
    #[arg(long, value_name = "DAY")]
    dal: String,
    /// Last day, included.
    #[arg(long, value_name = "DAY")]
    al: String,
    #[command(flatten)]
    rilevazione: RilevazioneArgs,
}

impl Question for CapienzaArgs {
    const CALL: &'static str = "MonitoraggioService/VerificaCapienza";

    fn asked(&self) -> Vec<(&'static str, String)> {
        let mut asked = self.pair.asked();
        asked.extend([
            ("importo", self.importo.clone()),
            ("dal", self.dal.clone()),
            ("al", self.al.clone()),
        ]);
        asked
    }

    fn rilevazione(&self) -> Option<i32> {
        self.rilevazione.rilevazione
    }

    async fn ask(&self, service: &ServiceClient) -> Result<AnswerTable, Failure> {
        let request = service.request(VerificaCapienzaRequest {
            normativa: self.pair.normativa.clone(),
            prestazione: self.pair.prestazione.clone(),
            importo: self.importo.clone(),
            validita_dal: self.dal.clone(),
            validita_al: self.al.clone(),
            rilevazione: self.rilevazione.number(),
        })?;
        let fit = service.monitoraggio().verifica_capienza(request).await;
        answer(fit.map_err(|s| service.failure(&s))?.into_inner())
    }
}

fn answer(fit: VerificaCapienzaResponse) -> Result<AnswerTable, Failure> {
    let mut answer = AnswerTable::new(&TABLE, fit.rilevazione)?;
    answer.rows = fit.anni.iter().map(row).collect();
    let outcome = fit.esito.map(|esito| esito.esito()).unwrap_or_default();
    answer
        .sentences
        .extend(sentence(outcome, &fit.anni).map(|told| ("esito", told)));
    if let Some(cifre) = fit.tiraggio
        && let Some(tiraggio) = &cifre.tiraggio
        && ![&cifre.importi_autorizzati, &cifre.importi_erogati].contains(&&String::new())
    {
        let told = format!(
            "Finora, di {} euro autorizzati, ne sono erogati {} (tiraggio {}): l'esito non ne dipende.",
            grouped(&cifre.importi_autorizzati),
            grouped(&cifre.importi_erogati),
            grouped(tiraggio)
        );
        answer.sentences.push(("tiraggio", told));
    }
    Ok(answer)
}

fn outcome(anno: &AnnoCapienza) -> EsitoCapienza {
    anno.esito.map(|esito| esito.esito()).unwrap_or_default()
}

fn row(anno: &AnnoCapienza) -> Vec<String> {
    let CifreCapienza {
        competenza_accordo,
        competenza_nota,
        residuo_oggi,
        competenza_attesa,
        residuo_in_prospettiva,
    } = anno.cifre.clone().unwrap_or_default();
    let outcome = value(outcome(anno).as_str_name(), "ESITO_CAPIENZA_");
    let [stanziamento, tipo] = stanziamento_cells(anno.stanziamento.as_ref());
    vec![
        anno.anno.to_string(),
        outcome.to_owned(),
        stanziamento,
        tipo,
        competenza_accordo,
        competenza_nota,
        residuo_oggi.unwrap_or_default(),
        competenza_attesa.unwrap_or_default(),
        residuo_in_prospettiva.unwrap_or_default(),
        method_value(anno.metodo()).to_owned(),
    ]
}

/// The outcome, with the years that make it. `None`: the caller does not see it.
fn sentence(worst: EsitoCapienza, anni: &[AnnoCapienza]) -> Option<String> {
    let years = anni.iter().filter(|anno| outcome(anno) == worst);
    let named = |left: fn(&CifreCapienza) -> Option<&String>| {
        let told = years.clone().map(|anno| {
            let left = anno.cifre.as_ref().and_then(left);
            let missing = left.and_then(|left| left.strip_prefix('-')).map(grouped);
            let missing = missing.map(|missing| format!(" (mancano {missing} euro)"));
            format!("nel {}{}", anno.anno, missing.unwrap_or_default())
        });
        told.collect::<Vec<_>>().join(", ")
    };
    let bare = || named(|_| None);
    Some(match worst {
        EsitoCapienza::Unspecified => return None,
        EsitoCapienza::NonCapiente => format!(
            "L'accordo non è capiente {}.",
            named(|cifre| cifre.residuo_oggi.as_ref())
        ),
        EsitoCapienza::SenzaStanziamento => format!(
            "Non si può dire se l'accordo è capiente: {} non c'è uno stanziamento.",
            bare()
        ),
        EsitoCapienza::CapienteOggiNonInProspettiva => format!(
            "L'accordo è capiente oggi, e non con i decreti attesi {}; fra quelli può essere l'accordo stesso.",
            named(|cifre| cifre.residuo_in_prospettiva.as_ref())
        ),
        EsitoCapienza::CapienteOggi => format!(
            "L'accordo è capiente oggi; i decreti a venire {} non si possono stimare.",
            bare()
        ),
        EsitoCapienza::Capiente => "L'accordo è capiente, oggi e con i decreti attesi.".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::proto::EsitoVerifica;

    fn year(anno: i32, esito: EsitoCapienza, oggi: &str, in_prospettiva: &str) -> AnnoCapienza {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        AnnoCapienza {
            anno,
            esito: Some(EsitoVerifica {
                esito: esito.into(),
            }),
            cifre: Some(CifreCapienza {
                residuo_oggi: text(oggi),
                residuo_in_prospettiva: text(in_prospettiva),
                ..CifreCapienza::default()
            }),
            ..AnnoCapienza::default()
        }
    }

    #[test]
    fn an_outcome_is_a_sentence() {
        use EsitoCapienza as Esito;
        let fits = year(2026, Esito::Capiente, "10.00", "1.00");
        for (worst, anni, expected) in [
            (
                Esito::Capiente,
                vec![fits.clone()],
                Some("L'accordo è capiente, oggi e con i decreti attesi."),
            ),
            (
                Esito::NonCapiente,
                vec![
                    fits.clone(),
                    year(2027, Esito::NonCapiente, "-1234.50", ""),
                    year(2028, Esito::NonCapiente, "-1.00", ""),
                ],
                Some(
                    "L'accordo non è capiente nel 2027 (mancano 1.234,50 euro), nel 2028 (mancano 1,00 euro).",
                ),
            ),
            (
                Esito::CapienteOggiNonInProspettiva,
                vec![year(
                    2026,
                    Esito::CapienteOggiNonInProspettiva,
                    "1.00",
                    "-2.00",
                )],
                Some(
                    "L'accordo è capiente oggi, e non con i decreti attesi nel 2026 (mancano 2,00 euro); fra quelli può essere l'accordo stesso.",
                ),
            ),
            (
                Esito::SenzaStanziamento,
                vec![fits.clone(), year(2027, Esito::SenzaStanziamento, "", "")],
                Some("Non si può dire se l'accordo è capiente: nel 2027 non c'è uno stanziamento."),
            ),
            (
                Esito::CapienteOggi,
                vec![year(2026, Esito::CapienteOggi, "1.00", "")],
                Some(
                    "L'accordo è capiente oggi; i decreti a venire nel 2026 non si possono stimare.",
                ),
            ),
            (Esito::Unspecified, vec![fits], None),
        ] {
            assert_eq!(sentence(worst, &anni).as_deref(), expected);
        }
    }
}
