//! The example of `docs/monitoraggio.md`, made again.

use omnia::{
    app::derivations,
    blocks::block::ROWS_PER_BLOCK,
    contract::proto::{Finestra, GetAndamentoRequest, Imputazione},
};

use super::andamento;
use crate::server::{TestServer, load_files};

const PAGE: &str = include_str!("../../../docs/monitoraggio.md");

/// The blocks of the page that are CSV.
fn csv() -> Vec<&'static str> {
    let blocks = PAGE.split("```csv\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap())
        .collect()
}

/// The rows of the table whose first column is a month.
fn table() -> Vec<Vec<&'static str>> {
    PAGE.lines()
        .filter(|line| line.starts_with("| 20"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

#[tokio::test]
async fn the_page_says_what_the_service_answers() {
    let files: [&str; 2] = csv().try_into().unwrap();
    let server = TestServer::start().await;
    load_files(
        &server.db.owner,
        &server.clock,
        files.map(str::to_owned),
        "2023-06-30",
        &derivations(ROWS_PER_BLOCK),
    )
    .await;
    let mut client = server.clients_of("mlps-ammortizzatori").await;
    let request = GetAndamentoRequest {
        imputazione: Imputazione::Competenza.into(),
        finestra: Some(Finestra {
            dal_mese: "2023-01".into(),
            al_mese: "2023-06".into(),
        }),
        ..Default::default()
    };
    let answer = andamento(&mut client, request).await.unwrap();
    let [serie] = answer.serie.try_into().unwrap();
    let told: Vec<Vec<String>> = serie
        .punti
        .into_iter()
        .map(|point| {
            let (cifre, cumulate) = (point.cifre.unwrap(), point.cumulate.unwrap());
            vec![
                point.mese,
                cifre.righe.to_string(),
                cifre.importi_autorizzati,
                cifre.importi_erogati,
                cumulate.importi_autorizzati,
                cumulate.importi_erogati,
                point.stanziamento.unwrap().totale_stanziamenti,
            ]
        })
        .collect();
    assert_eq!(told.len(), 6);
    assert_eq!(told, table());
    server.stop().await;
}
