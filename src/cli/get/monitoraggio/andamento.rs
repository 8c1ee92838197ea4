//! `omnia get andamento`: the course of the figures.

use clap::{Args, ValueEnum};

use super::{
    answer::{AnswerTable, NORMATIVA, PRESTAZIONE, STANZIAMENTO, TIPO},
    curve::{Curve, CurveStep},
    question::{ChartArgs, Question},
    words::stanziamento_cells,
};
use crate::{
    cli::get::{
        failure::Failure,
        selection::{CodeArgs, RilevazioneArgs},
        service_client::ServiceClient,
    },
    contract::{
        column::Column,
        proto::{
            CifreAndamento, Finestra, GetAndamentoRequest, GetAndamentoResponse, Imputazione,
            Passo, SerieAndamento,
        },
    },
    files::{CellType, FileColumn, FileTable},
};

static TABLE: FileTable = FileTable {
    title: "Andamento degli importi nel tempo, accanto allo stanziamento dell'anno",
    name: "andamento",
    columns: &[
        NORMATIVA,
        PRESTAZIONE,
        FileColumn::of_row("mese", CellType::Text, "Primo mese del passo (AAAA-MM)."),
        FileColumn::of(
            Column::Righe,
            CellType::Count,
            "Righe del dettaglio che appartengono al passo; per competenza quelle la cui validità lo tocca, ciascuna in più passi.",
        ),
        FileColumn::of(
            Column::OreDecretate,
            CellType::Sum,
            "Ore decretate del passo.",
        ),
        FileColumn::of(
            Column::ImportiAutorizzati,
            CellType::Sum,
            "Importi autorizzati del passo, in euro.",
        ),
        FileColumn::of(
            Column::ImportiErogati,
            CellType::Sum,
            "Importi erogati per i decreti del passo, in euro. Non dice quando furono pagati.",
        ),
        FileColumn::named(
            "importi_autorizzati_cumulati",
            Column::ImportiAutorizzati,
            CellType::Sum,
            "Importi autorizzati dal 1° gennaio dell'anno alla fine del passo, in euro.",
        ),
        FileColumn::named(
            "importi_erogati_cumulati",
            Column::ImportiErogati,
            CellType::Sum,
            "Importi erogati per i decreti dal 1° gennaio dell'anno alla fine del passo, in euro.",
        ),
        STANZIAMENTO,
        TIPO,
    ],
};

#[derive(Debug, Args)]
pub(in crate::cli::get) struct AndamentoArgs {
    #[command(flatten)]
    codes: CodeArgs,
    /// To which day an amount belongs. There is no default: each gives other figures.
    #[arg(long)]
    imputazione: ImputazioneArg,
    /// How long a step is. Without it: mese.
    #[arg(long)]
    passo: Option<PassoArg>,
    /// First month, included (YYYY-MM): the first of a step. Without it: the first step that has something.
    #[arg(long, value_name = "MONTH")]
    dal_mese: Option<String>,
    /// Last month, included: the last of a step. Without it: the last step that has something.
    #[arg(long, value_name = "MONTH")]
    al_mese: Option<String>,
    #[command(flatten)]
    rilevazione: RilevazioneArgs,
    #[command(flatten)]
    chart: ChartArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ImputazioneArg {
    /// The day of the decree.
    DataDecreto,
    /// The first day of validity.
    InizioValidita,
    /// All days of validity, evenly.
    Competenza,
}

impl ImputazioneArg {
    fn in_words(self) -> &'static str {
        match self {
            Self::DataDecreto => "per data del decreto",
            Self::InizioValidita => "per inizio della validità",
            Self::Competenza => "per competenza",
        }
    }
}

impl From<ImputazioneArg> for Imputazione {
    fn from(imputazione: ImputazioneArg) -> Self {
        match imputazione {
            ImputazioneArg::DataDecreto => Self::DataDecreto,
            ImputazioneArg::InizioValidita => Self::InizioValidita,
            ImputazioneArg::Competenza => Self::Competenza,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PassoArg {
    /// A month.
    Mese,
    /// Three months: January to March, and so on.
    Trimestre,
    /// January to December.
    Anno,
}

impl From<PassoArg> for Passo {
    fn from(passo: PassoArg) -> Self {
        match passo {
            PassoArg::Mese => Self::Mese,
            PassoArg::Trimestre => Self::Trimestre,
            PassoArg::Anno => Self::Anno,
        }
    }
}

impl Question for AndamentoArgs {
    const CALL: &'static str = "MonitoraggioService/GetAndamento";

    fn asked(&self) -> Vec<(&'static str, String)> {
        let name = |value: Option<clap::builder::PossibleValue>| {
            value.map(|value| value.get_name().to_owned())
        };
        let options = [
            ("imputazione", name(self.imputazione.to_possible_value())),
            (
                "passo",
                name(self.passo.and_then(|passo| passo.to_possible_value())),
            ),
            ("dal_mese", self.dal_mese.clone()),
            ("al_mese", self.al_mese.clone()),
        ];
        let given = options.into_iter();
        let given = given.filter_map(|(name, value)| Some((name, value?)));
        self.codes.asked().into_iter().chain(given).collect()
    }

    fn rilevazione(&self) -> Option<i32> {
        self.rilevazione.rilevazione
    }

    fn draws(&self) -> bool {
        self.chart.draws()
    }

    async fn ask(&self, service: &ServiceClient) -> Result<AnswerTable, Failure> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let finestra = (self.dal_mese.is_some() || self.al_mese.is_some()).then(|| Finestra {
            dal_mese: text(&self.dal_mese),
            al_mese: text(&self.al_mese),
        });
        let passo = self.passo.map_or(Passo::Mese, Passo::from);
        let request = service.request(GetAndamentoRequest {
            filtro: Some(self.codes.filtro()),
            rilevazione: self.rilevazione.number(),
            imputazione: Imputazione::from(self.imputazione).into(),
            passo: passo.into(),
            finestra,
        })?;
        let course = service.monitoraggio().get_andamento(request).await;
        let course = course.map_err(|s| service.failure(&s))?.into_inner();
        answer(course, passo, self.imputazione)
    }
}

fn answer(
    course: GetAndamentoResponse,
    passo: Passo,
    imputazione: ImputazioneArg,
) -> Result<AnswerTable, Failure> {
    let mut answer = AnswerTable::new(&TABLE, course.rilevazione)?;
    let totale = course.totale.unwrap_or_default();
    for serie in &course.serie {
        answer
            .rows
            .extend(rows(serie, &serie.normativa, &serie.prestazione));
    }
    // One serie is its own total.
    if course.serie.len() != 1 {
        answer.total_rows = rows(&totale, "totale", "").collect();
    }
    let whole = totale.totale.clone().unwrap_or_default();
    answer.totals = vec![
        ("ore_decretate", whole.ore_decretate),
        ("importi_autorizzati", whole.importi_autorizzati),
        ("importi_erogati", whole.importi_erogati),
    ];
    let drawn = match course.serie.as_slice() {
        [serie] => serie,
        _ => &totale,
    };
    answer.curve = curve(drawn, passo, imputazione);
    Ok(answer)
}

fn rows<'a>(
    serie: &'a SerieAndamento,
    normativa: &'a str,
    prestazione: &'a str,
) -> impl Iterator<Item = Vec<String>> + 'a {
    serie.punti.iter().map(move |point| {
        let figures = |cifre: &Option<CifreAndamento>| cifre.clone().unwrap_or_default();
        let (step, cumulated) = (figures(&point.cifre), figures(&point.cumulate));
        let mut row = vec![
            normativa.to_owned(),
            prestazione.to_owned(),
            point.mese.clone(),
            step.righe.to_string(),
            step.ore_decretate,
            step.importi_autorizzati,
            step.importi_erogati,
            cumulated.importi_autorizzati,
            cumulated.importi_erogati,
        ];
        row.extend(stanziamento_cells(point.stanziamento.as_ref()));
        row
    })
}

/// What is authorised, cumulated in each year. `None`: there is no step, or the caller does not see it.
fn curve(serie: &SerieAndamento, passo: Passo, imputazione: ImputazioneArg) -> Option<Curve> {
    let steps = serie.punti.iter().map(|point| {
        let known = point.cumulate.as_ref()?.importi_autorizzati.as_str();
        CurveStep::of(&point.mese, [known, known], point.stanziamento.as_ref())
    });
    let steps: Vec<CurveStep> = steps.collect::<Option<_>>()?;
    let which = match serie.normativa.as_str() {
        "" => "totale".to_owned(),
        normativa => format!("{normativa} {}", serie.prestazione),
    };
    let title = format!(
        "Importi autorizzati cumulati nell'anno {}, euro: {which}",
        imputazione.in_words()
    );
    (!steps.is_empty()).then_some(Curve {
        title,
        passo,
        steps,
    })
}
