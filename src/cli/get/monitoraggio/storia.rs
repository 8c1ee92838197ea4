//! `omnia get storia`: the figures of the report in each rilevazione.

use clap::Args;

use super::{
    answer::{AnswerTable, NORMATIVA, PRESTAZIONE},
    question::Question,
};
use crate::{
    cli::get::{
        failure::Failure,
        selection::{CodeArgs, RilevazioneArgs},
        service_client::ServiceClient,
    },
    contract::{
        column::Column,
        proto::{CifreStoria, GetStoriaRequest, GetStoriaResponse, SerieStoria},
    },
    files::{CellType, FileColumn, FileTable},
};

static TABLE: FileTable = FileTable {
    title: "Storia: il report sintetico, senza periodo, in ogni rilevazione",
    name: "storia",
    columns: &[
        NORMATIVA,
        PRESTAZIONE,
        FileColumn::of_row("rilevazione", CellType::Count, "Numero della rilevazione."),
        FileColumn::of_row(
            "data_riferimento",
            CellType::Date,
            "Giorno a cui si riferiscono i dati della rilevazione.",
        ),
        FIGURES[0],
        FIGURES[1],
        FIGURES[2],
        FIGURES[3],
        FIGURES[4],
        FIGURES[5],
        FIGURES[6],
    ],
};

/// The figures of the report, as [`figures`] gives them.
pub(super) const FIGURES: [FileColumn; 7] = [
    FileColumn::of(
        Column::TotaleStanziamenti,
        CellType::Sum,
        "Totale degli stanziamenti di tutti gli anni, in euro. Vuoto, che non è zero, dove non ve ne sono.",
    ),
    FileColumn::of(
        Column::ImportiAutorizzati,
        CellType::Sum,
        "Importi autorizzati, in euro.",
    ),
    FileColumn::of(
        Column::ImportiErogati,
        CellType::Sum,
        "Importi erogati, in euro.",
    ),
    FileColumn::of(
        Column::ResiduoAutorizzato,
        CellType::Sum,
        "totale_stanziamenti - importi_autorizzati, in euro; può essere negativo. Vuoto dove lo è totale_stanziamenti.",
    ),
    FileColumn::of(
        Column::ResiduoPagato,
        CellType::Sum,
        "totale_stanziamenti - importi_erogati, in euro; può essere negativo. Vuoto dove lo è totale_stanziamenti.",
    ),
    FileColumn::of(Column::OreDecretate, CellType::Sum, "Ore decretate."),
    FileColumn::of(Column::Righe, CellType::Count, "Righe del dettaglio."),
];

#[derive(Debug, Args)]
pub(in crate::cli::get) struct StoriaArgs {
    #[command(flatten)]
    codes: CodeArgs,
    #[command(flatten)]
    rilevazione: RilevazioneArgs,
}

impl Question for StoriaArgs {
    const CALL: &'static str = "MonitoraggioService/GetStoria";

    fn asked(&self) -> Vec<(&'static str, String)> {
        self.codes.asked()
    }

    fn rilevazione(&self) -> Option<i32> {
        self.rilevazione.rilevazione
    }

    async fn ask(&self, service: &ServiceClient) -> Result<AnswerTable, Failure> {
        let request = service.request(GetStoriaRequest {
            filtro: Some(self.codes.filtro()),
            rilevazione: self.rilevazione.number(),
        })?;
        let history = service.monitoraggio().get_storia(request).await;
        answer(history.map_err(|s| service.failure(&s))?.into_inner())
    }
}

fn answer(history: GetStoriaResponse) -> Result<AnswerTable, Failure> {
    let mut answer = AnswerTable::new(&TABLE, history.rilevazione)?;
    let totale = history.totale.unwrap_or_default();
    for serie in &history.serie {
        answer
            .rows
            .extend(rows(serie, &serie.normativa, &serie.prestazione));
    }
    if history.serie.len() != 1 {
        answer.total_rows = rows(&totale, "totale", "").collect();
    }
    let last = totale.punti.last().and_then(|point| point.cifre.as_ref());
    answer.totals = totals(last);
    Ok(answer)
}

fn rows<'a>(
    serie: &'a SerieStoria,
    normativa: &'a str,
    prestazione: &'a str,
) -> impl Iterator<Item = Vec<String>> + 'a {
    serie.punti.iter().map(move |point| {
        let place = [
            normativa.to_owned(),
            prestazione.to_owned(),
            point.rilevazione.to_string(),
            point.data_riferimento.clone(),
        ];
        let figures = figures(point.cifre.as_ref());
        place.into_iter().chain(figures).collect()
    })
}

/// The cells of [`FIGURES`]: all empty where there are none.
pub(super) fn figures(cifre: Option<&CifreStoria>) -> [String; 7] {
    let Some(cifre) = cifre.cloned() else {
        return Default::default();
    };
    [
        cifre.totale_stanziamenti.unwrap_or_default(),
        cifre.importi_autorizzati,
        cifre.importi_erogati,
        cifre.residuo_autorizzato.unwrap_or_default(),
        cifre.residuo_pagato.unwrap_or_default(),
        cifre.ore_decretate,
        cifre.righe.to_string(),
    ]
}

/// What a file says of all its rows. Rows of the detail are not told: a file has rows of its own.
pub(super) fn totals(cifre: Option<&CifreStoria>) -> Vec<(&'static str, String)> {
    let names = FIGURES.iter().map(|column| column.name);
    let totals = names.zip(figures(cifre));
    totals
        .filter(|(name, value)| *name != Column::Righe.name() && !value.is_empty())
        .collect()
}
