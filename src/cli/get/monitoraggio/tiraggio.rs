//! `omnia get tiraggio`: the triangle of a norm and a benefit.

use std::collections::BTreeMap;

use clap::Args;

use super::{answer::AnswerTable, question::Question};
use crate::{
    cli::get::{
        failure::Failure,
        selection::{PairArgs, RilevazioneArgs},
        service_client::ServiceClient,
    },
    contract::{
        column::Column,
        proto::{CifreTiraggio, GetTiraggioRequest, GetTiraggioResponse},
    },
    files::{CellType, FileColumn, FileTable},
};

static TABLE: FileTable = FileTable {
    title: "Tiraggio: quanto di ciò che fu autorizzato è erogato, e in quanto tempo",
    name: "tiraggio",
    columns: &[
        FileColumn::of_row(
            "mese",
            CellType::Text,
            "Mese dei decreti (AAAA-MM): la coorte.",
        ),
        FileColumn::of_row(
            "eta",
            CellType::Count,
            "Mesi di calendario dal mese della coorte a quello della rilevazione.",
        ),
        FileColumn::of_row(
            "rilevazione",
            CellType::Count,
            "Numero della rilevazione che lo dice: l'ultima del suo mese.",
        ),
        FileColumn::of(
            Column::ImportiAutorizzati,
            CellType::Sum,
            "Importi autorizzati dai decreti della coorte, in euro.",
        ),
        FileColumn::of(
            Column::ImportiErogati,
            CellType::Sum,
            "Importi erogati a quell'età, in euro.",
        ),
        FileColumn::of(
            Column::Tiraggio,
            CellType::Ratio,
            "importi_erogati / importi_autorizzati. Vuoto dove nulla è autorizzato.",
        ),
        FileColumn::of(
            Column::Fattore,
            CellType::Ratio,
            "Quanto cresce l'erogato da quell'età alla successiva: lo stesso in tutte le coorti. Vuoto dove non si può dire.",
        ),
        FileColumn::of_row(
            "coorti",
            CellType::Count,
            "Coorti che stanno dietro al fattore.",
        ),
    ],
};

#[derive(Debug, Args)]
pub(in crate::cli::get) struct TiraggioArgs {
    #[command(flatten)]
    pair: PairArgs,
    #[command(flatten)]
    rilevazione: RilevazioneArgs,
}

impl Question for TiraggioArgs {
    const CALL: &'static str = "MonitoraggioService/GetTiraggio";

    fn asked(&self) -> Vec<(&'static str, String)> {
        self.pair.asked()
    }

    fn rilevazione(&self) -> Option<i32> {
        self.rilevazione.rilevazione
    }

    async fn ask(&self, service: &ServiceClient) -> Result<AnswerTable, Failure> {
        let request = service.request(GetTiraggioRequest {
            normativa: self.pair.normativa.clone(),
            prestazione: self.pair.prestazione.clone(),
            rilevazione: self.rilevazione.number(),
        })?;
        let triangle = service.monitoraggio().get_tiraggio(request).await;
        answer(triangle.map_err(|s| service.failure(&s))?.into_inner())
    }
}

fn answer(triangle: GetTiraggioResponse) -> Result<AnswerTable, Failure> {
    let mut answer = AnswerTable::new(&TABLE, triangle.rilevazione)?;
    let factors = triangle.fattori.iter().map(|factor| {
        let fattore = factor
            .cifre
            .as_ref()
            .and_then(|cifre| cifre.fattore.clone());
        (
            factor.da_eta,
            [fattore.unwrap_or_default(), factor.coorti.to_string()],
        )
    });
    let factors: BTreeMap<i32, [String; 2]> = factors.collect();
    for cohort in &triangle.coorti {
        answer.rows.extend(cohort.celle.iter().map(|cell| {
            let place = [
                cohort.mese.clone(),
                cell.eta.to_string(),
                cell.rilevazione.to_string(),
            ];
            let factor = factors.get(&cell.eta).cloned().unwrap_or_default();
            let figures = figures(cell.cifre.as_ref());
            place.into_iter().chain(figures).chain(factor).collect()
        }));
    }
    let total = figures(triangle.totale.as_ref());
    let row = ["totale", "", ""].map(str::to_owned).into_iter();
    let none = ["", ""].map(str::to_owned);
    answer.total_rows = vec![row.chain(total.clone()).chain(none).collect()];
    let [authorised, paid, _] = total;
    answer.totals = vec![
        (Column::ImportiAutorizzati.name(), authorised),
        (Column::ImportiErogati.name(), paid),
    ];
    Ok(answer)
}

/// Authorised, paid, the one as a part of the other.
fn figures(cifre: Option<&CifreTiraggio>) -> [String; 3] {
    let cifre = cifre.cloned().unwrap_or_default();
    [
        cifre.importi_autorizzati,
        cifre.importi_erogati,
        cifre.tiraggio.unwrap_or_default(),
    ]
}
