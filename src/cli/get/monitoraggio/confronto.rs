//! `omnia get confronto`: two rilevazioni compared.

use clap::Args;

use super::{
    answer::{AnswerTable, NORMATIVA, PRESTAZIONE},
    question::Question,
    storia::{FIGURES, figures, totals},
};
use crate::{
    cli::get::{failure::Failure, request, selection::ComparedArgs, service_client::ServiceClient},
    contract::{
        column::Column,
        proto::{ConfrontaRilevazioniResponse, VoceConfronto},
    },
    files::{CellType, FileColumn, FileTable},
};

static TABLE: FileTable = FileTable {
    title: "Confronto fra due rilevazioni",
    name: "confronto",
    columns: &[
        NORMATIVA,
        PRESTAZIONE,
        FileColumn::of_row(
            "momento",
            CellType::Text,
            "prima: la prima rilevazione; dopo: la seconda; movimento: dopo meno prima, vuoto dove una delle due cifre non c'è.",
        ),
        FIGURES[0],
        FIGURES[1],
        FIGURES[2],
        FIGURES[3],
        FIGURES[4],
        FIGURES[5],
        FIGURES[6],
        FileColumn::of(
            Column::Nuove,
            CellType::Count,
            "Righe del dettaglio che prima non c'erano.",
        ),
        FileColumn::of(
            Column::Variate,
            CellType::Count,
            "Righe con altro ultimo giorno di validità, altre ore o altri importi.",
        ),
        FileColumn::of(
            Column::Cessate,
            CellType::Count,
            "Righe che dopo non ci sono più.",
        ),
    ],
};

#[derive(Debug, Args)]
pub(in crate::cli::get) struct ConfrontoArgs {
    #[command(flatten)]
    compared: ComparedArgs,
}

impl Question for ConfrontoArgs {
    const CALL: &'static str = "MonitoraggioService/ConfrontaRilevazioni";

    fn asked(&self) -> Vec<(&'static str, String)> {
        self.compared.asked()
    }

    /// The two stand among what is asked.
    fn rilevazione(&self) -> Option<i32> {
        None
    }

    async fn ask(&self, service: &ServiceClient) -> Result<AnswerTable, Failure> {
        let after = self.compared.a.unwrap_or_default();
        answer(request::comparison(service, &self.compared, after).await?)
    }
}

fn answer(compared: ConfrontaRilevazioniResponse) -> Result<AnswerTable, Failure> {
    let mut answer = AnswerTable::new(&TABLE, compared.a)?;
    answer.before = compared.da;
    let totale = compared.totale.unwrap_or_default();
    for voce in &compared.voci {
        answer
            .rows
            .extend(rows(voce, &voce.normativa, &voce.prestazione));
    }
    if compared.voci.len() != 1 {
        answer.total_rows = rows(&totale, "totale", "").into();
    }
    answer.totals = totals(totale.movimento.as_ref());
    let counted = totale.differenze.unwrap_or_default();
    answer.totals.extend([
        ("nuove", counted.nuove.to_string()),
        ("variate", counted.variate.to_string()),
        ("cessate", counted.cessate.to_string()),
    ]);
    Ok(answer)
}

/// Before, after, and what moved: with it stands which rows did.
fn rows(voce: &VoceConfronto, normativa: &str, prestazione: &str) -> [Vec<String>; 3] {
    let counted = voce.differenze.unwrap_or_default();
    let counted = [counted.nuove, counted.variate, counted.cessate];
    [
        ("prima", &voce.prima, [const { String::new() }; 3]),
        ("dopo", &voce.dopo, [const { String::new() }; 3]),
        ("movimento", &voce.movimento, counted.map(|n| n.to_string())),
    ]
    .map(|(moment, cifre, counted)| {
        let place = [normativa, prestazione, moment].map(str::to_owned);
        let figures = figures(cifre.as_ref());
        place.into_iter().chain(figures).chain(counted).collect()
    })
}
