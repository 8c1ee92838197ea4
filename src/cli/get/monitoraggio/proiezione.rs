//! `omnia get proiezione`: whether the appropriation of a year is reached or will be.

use clap::Args;

use super::{
    answer::{AnswerTable, STANZIAMENTO, TIPO},
    curve::{Curve, CurveStep},
    prospect,
    question::{ChartArgs, Question},
    words::{method_value, stanziamento_cells},
};
use crate::{
    cli::get::{
        failure::Failure,
        selection::{PairArgs, RilevazioneArgs},
        service_client::ServiceClient,
    },
    contract::{
        column::Column,
        proto::{CifreNote, GetProiezioneRequest, GetProiezioneResponse, Passo, StimaProiezione},
    },
    files::{CellType, FileColumn, FileTable},
};

static TABLE: FileTable = FileTable {
    title: "Proiezione: lo stanziamento di un anno, ciò che è noto e ciò che è atteso",
    name: "proiezione",
    columns: &[
        FileColumn::of_row("mese", CellType::Text, "Mese di competenza (AAAA-MM)."),
        FileColumn::of(
            Column::ImportiAutorizzati,
            CellType::Sum,
            "Importi autorizzati per competenza del mese, noti, in euro.",
        ),
        FileColumn::of(
            Column::ImportiErogati,
            CellType::Sum,
            "Importi erogati per competenza del mese, noti, in euro.",
        ),
        FileColumn::named(
            "importi_autorizzati_cumulati",
            Column::ImportiAutorizzati,
            CellType::Sum,
            "Importi autorizzati noti, da gennaio al mese, in euro.",
        ),
        FileColumn::named(
            "importi_erogati_cumulati",
            Column::ImportiErogati,
            CellType::Sum,
            "Importi erogati noti, da gennaio al mese, in euro.",
        ),
        FileColumn::of(
            Column::CompetenzaAttesa,
            CellType::Sum,
            "Stima: quanto aggiungeranno al mese i decreti a venire, in euro.",
        ),
        FileColumn::of(
            Column::CompetenzaPrevista,
            CellType::Sum,
            "Stima: ciò che è noto e ciò che è atteso, da gennaio al mese, in euro.",
        ),
        FileColumn::of(
            Column::ErogazionePrevista,
            CellType::Sum,
            "Stima: quanto di competenza_prevista sarà infine erogato, in euro. Vuoto dove non si può stimare.",
        ),
        FileColumn::of_row(
            "metodo",
            CellType::Text,
            "Metodo della stima: quello che ha sbagliato meno. Vuoto dove mancano i dati.",
        ),
        STANZIAMENTO,
        TIPO,
    ],
};

#[derive(Debug, Args)]
pub(in crate::cli::get) struct ProiezioneArgs {
    #[command(flatten)]
    pair: PairArgs,
    /// Year of the appropriation.
    #[arg(long, value_name = "YEAR")]
    anno: i32,
    /// Decrees that are dated after this day are not expected (YYYY-MM-DD). Without it: all that are yet to come are.
    #[arg(long, value_name = "DAY")]
    fino_al: Option<String>,
    #[command(flatten)]
    rilevazione: RilevazioneArgs,
    #[command(flatten)]
    chart: ChartArgs,
}

impl Question for ProiezioneArgs {
    const CALL: &'static str = "MonitoraggioService/GetProiezione";

    fn asked(&self) -> Vec<(&'static str, String)> {
        let mut asked = self.pair.asked();
        asked.push(("anno", self.anno.to_string()));
        let until = self.fino_al.clone();
        asked.extend(until.map(|until| ("fino_al", until)));
        asked
    }

    fn rilevazione(&self) -> Option<i32> {
        self.rilevazione.rilevazione
    }

    fn draws(&self) -> bool {
        self.chart.draws()
    }

    async fn ask(&self, service: &ServiceClient) -> Result<AnswerTable, Failure> {
        let request = service.request(GetProiezioneRequest {
            normativa: self.pair.normativa.clone(),
            prestazione: self.pair.prestazione.clone(),
            anno: self.anno,
            rilevazione: self.rilevazione.number(),
            fino_al: self.fino_al.clone().unwrap_or_default(),
        })?;
        let projection = service.monitoraggio().get_proiezione(request).await;
        let projection = projection.map_err(|s| service.failure(&s))?.into_inner();
        let which = format!("{} {}", self.pair.normativa, self.pair.prestazione);
        answer(&projection, self.anno, &which)
    }
}

fn answer(
    projection: &GetProiezioneResponse,
    anno: i32,
    which: &str,
) -> Result<AnswerTable, Failure> {
    let mut answer = AnswerTable::new(&TABLE, projection.rilevazione.clone())?;
    let followed = prospect::followed(projection);
    let months = projection.mesi.iter().enumerate();
    answer.rows = months.map(|(n, _)| row(projection, followed, n)).collect();
    answer.sentences = prospect::sentences(projection, anno);
    answer.curve = curve(projection, followed, anno, which);
    Ok(answer)
}

/// A month: what is known of it, and what the method that is followed expects.
fn row(
    projection: &GetProiezioneResponse,
    followed: Option<&StimaProiezione>,
    n: usize,
) -> Vec<String> {
    let month = projection.mesi.get(n).cloned().unwrap_or_default();
    let (known, cumulated) = (
        month.cifre.unwrap_or_default(),
        month.cumulate.unwrap_or_default(),
    );
    let point = followed.and_then(|estimate| estimate.mesi.get(n));
    let point = point.and_then(|point| point.cifre.clone());
    let point = point.unwrap_or_default();
    let mut row = vec![
        month.mese,
        known.importi_autorizzati,
        known.importi_erogati,
        cumulated.importi_autorizzati,
        cumulated.importi_erogati,
        point.competenza_attesa,
        point.competenza_prevista,
        point.erogazione_prevista.unwrap_or_default(),
        followed
            .map_or("", |estimate| method_value(estimate.metodo()))
            .to_owned(),
    ];
    row.extend(stanziamento_cells(projection.stanziamento.as_ref()));
    row
}

/// What is authorised, cumulated: known, then expected, if a method speaks. `None`: the caller does not see it.
fn curve(
    projection: &GetProiezioneResponse,
    followed: Option<&StimaProiezione>,
    anno: i32,
    which: &str,
) -> Option<Curve> {
    let cap = projection.stanziamento.as_ref();
    let steps = projection.mesi.iter().enumerate().map(|(n, month)| {
        let CifreNote {
            importi_autorizzati: known,
            ..
        } = month.cumulate.as_ref()?;
        let expected = match followed {
            Some(estimate) => &estimate.mesi.get(n)?.cifre.as_ref()?.competenza_prevista,
            None => known,
        };
        CurveStep::of(&month.mese, [known, expected], cap)
    });
    let steps = steps.collect::<Option<Vec<_>>>()?;
    (!steps.is_empty()).then_some(Curve {
        title: format!("Competenza cumulata del {anno}, euro: {which}"),
        passo: Passo::Mese,
        steps,
    })
}
