//! In every format: the rows and the totals of an export, for random worlds and filters.

use omnia::contract::proto::{
    DettaglioDecreto, DownloadDecreesRequest, DownloadReportSinteticoRequest, FormatoFile,
    GetReportSinteticoRequest,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use super::{FORMATS, decreti, readers::read_table, report};
use crate::{
    model::{ModelExtract, ModelFilter},
    model_messages::{filtro_decreti, filtro_report},
    reconciliation::{export, tipo_text},
    server::{CallerClients, TestServer},
    worlds,
};

type DownloadWorld = (ModelExtract, Vec<ModelFilter>, Vec<ModelFilter>);

fn world() -> impl Strategy<Value = DownloadWorld> {
    (
        worlds::extract(80),
        prop::collection::vec(worlds::filtro_decreti(), 4),
        prop::collection::vec(worlds::filtro_report(), 4),
    )
}

#[test]
fn every_format_has_the_rows_and_totals_of_the_export() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config {
        cases: worlds::cases(8),
        max_shrink_iters: 20,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&world(), |mondo| {
            runtime.block_on(check(&mondo));
            Ok(())
        })
        .unwrap();
}

async fn check((estratto, of_decreti, of_report): &DownloadWorld) {
    // Small lotti: every file has several.
    let servizio = TestServer::start_with(|s| s.export.batch_rows = 7).await;
    let mut cliente = servizio.clients_of("mlps-ammortizzatori").await;
    assert_eq!(servizio.load(estratto, "2026-09-30").await, 1);
    for filtro in of_decreti {
        check_decreti(&mut cliente, filtro).await;
    }
    for filtro in of_report {
        check_report(&mut cliente, filtro).await;
    }
    servizio.stop().await;
}

/// The largest amounts that a row may have, so many of them that their sums have 18 digits before the point and need more than
/// an amount has: everything that adds up says the same.
#[tokio::test]
async fn sums_of_the_largest_amounts() {
    const MOST: u64 = 999_999_999_999_999_999;
    let mut estratto = crate::export_stream::many_rows(101);
    for riga in &mut estratto.rows {
        (riga.ore, riga.autorizzati, riga.erogati) = (MOST, MOST, MOST);
    }
    let norm = estratto.rows[0].normativa;
    for anno in 2000..2101 {
        estratto.stanziamenti.push(crate::model::ModelStanziamento {
            normativa: norm,
            prestazione: estratto.rows[0].prestazione,
            anno,
            importo: if anno == 2000 { 0 } else { MOST },
            tipo: "",
        });
    }
    let servizio = TestServer::start_with(|s| s.export.batch_rows = 7).await;
    let mut cliente = servizio.clients_of("mlps-ammortizzatori").await;
    servizio.load(&estratto, "2026-09-30").await;
    let filtro = ModelFilter {
        normative: [norm].into(),
        ..ModelFilter::default()
    };
    check_decreti(&mut cliente, &filtro).await;
    check_report(&mut cliente, &ModelFilter::default()).await;
    let sum = "1009999999999999998.99";
    let (_, _, totali) = export(&mut cliente, norm, &filtro, 1, String::new()).await;
    assert_eq!(totali.importi_erogati, sum);
    assert_eq!(totali.ore_decretate, sum);
    let report = cliente
        .report
        .get_report_sintetico(GetReportSinteticoRequest::default())
        .await
        .unwrap()
        .into_inner();
    let totale = report.totale.unwrap();
    assert_eq!(totale.importi_autorizzati, sum);
    assert_eq!(totale.residuo_pagato.unwrap(), "-9999999999999999.99");
    servizio.stop().await;
}

async fn check_decreti(cliente: &mut CallerClients, filtro: &ModelFilter) {
    let normativa = filtro.normative.first().unwrap().to_string();
    let (rows, _, totali) = export(cliente, &normativa, filtro, 1, String::new()).await;
    let expected: Vec<Vec<String>> = rows.iter().map(cells).collect();
    for formato in FORMATS {
        let request = DownloadDecreesRequest {
            normativa: normativa.clone(),
            filtro: Some(filtro_decreti(filtro)),
            formato: formato.into(),
            ..Default::default()
        };
        let file = decreti(cliente, request).await.unwrap();
        let letto = read_table(formato, &file.bytes);
        assert_eq!(
            letto.columns,
            omnia::blocks::detail_row::DETAIL_COLUMNS.map(omnia::contract::column::Column::name),
            "{formato:?}"
        );
        assert_eq!(letto.rows, expected, "{formato:?} {filtro:?}");
        assert_eq!(file.chiusura.totali.as_ref(), Some(&totali), "{formato:?}");
        assert_eq!(file.chiusura.dimensione, file.bytes.len() as i64);
        assert_eq!(file.chiusura.sha256, sha256(&file.bytes));
        assert_eq!(file.intestazione.rilevazione.unwrap().numero, 1);
        assert_eq!(file.intestazione.tipo_contenuto, content_type(formato));
        let nome = file.intestazione.nome;
        let estensione = extension(formato);
        assert!(nome.starts_with(&format!("decreti_{normativa}")), "{nome}");
        assert!(nome.ends_with(&format!("_r1.{estensione}")), "{nome}");
    }
}

async fn check_report(cliente: &mut CallerClients, filtro: &ModelFilter) {
    let answer = cliente
        .report
        .get_report_sintetico(GetReportSinteticoRequest {
            filtro: Some(filtro_report(filtro)),
            rilevazione: 1,
        })
        .await
        .unwrap()
        .into_inner();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let voci = answer.voci.iter().map(|voce| {
        vec![
            voce.normativa.clone(),
            voce.prestazione.clone(),
            text(&voce.totale_stanziamenti),
            voce.importi_autorizzati.clone(),
            voce.importi_erogati.clone(),
            text(&voce.residuo_autorizzato),
            text(&voce.residuo_pagato),
            tipo_text(voce.tipo_stanziamento()),
        ]
    });
    let expected: Vec<Vec<String>> = voci.collect();
    for formato in FORMATS {
        let request = DownloadReportSinteticoRequest {
            filtro: Some(filtro_report(filtro)),
            formato: formato.into(),
            ..Default::default()
        };
        let file = report(cliente, request).await.unwrap();
        let letto = read_table(formato, &file.bytes);
        assert_eq!(
            letto.columns[..3],
            ["normativa", "prestazione", "totale_stanziamenti"]
        );
        assert_eq!(letto.rows, expected, "{formato:?} {filtro:?}");
        assert_eq!(file.chiusura.righe, expected.len() as i64);
        assert_eq!(file.chiusura.totale, answer.totale, "{formato:?}");
        assert_eq!(file.chiusura.dimensione, file.bytes.len() as i64);
        assert_eq!(file.chiusura.sha256, sha256(&file.bytes));
        let nome = file.intestazione.nome;
        assert!(nome.starts_with("report-sintetico"), "{nome}");
    }
}

fn cells(riga: &DettaglioDecreto) -> Vec<String> {
    let riga = riga.clone();
    vec![
        riga.prestazione,
        riga.codifica_sistema_unico,
        riga.numero_decreto,
        riga.data_decreto,
        riga.validita_dal,
        riga.validita_al,
        riga.cf_azienda,
        riga.matricola_azienda,
        riga.ore_decretate,
        riga.importi_autorizzati,
        riga.importi_erogati,
    ]
}

fn sha256(byte: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, byte);
    digest.as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

fn content_type(formato: FormatoFile) -> &'static str {
    match formato {
        FormatoFile::Csv | FormatoFile::CsvExcel => "text/csv; charset=utf-8; header=present",
        FormatoFile::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        FormatoFile::Parquet => "application/vnd.apache.parquet",
        FormatoFile::Unspecified => unreachable!(),
    }
}

fn extension(formato: FormatoFile) -> &'static str {
    match formato {
        FormatoFile::Csv | FormatoFile::CsvExcel => "csv",
        FormatoFile::Xlsx => "xlsx",
        FormatoFile::Parquet => "parquet",
        FormatoFile::Unspecified => unreachable!(),
    }
}
