//! In every format: the rows and the totals of an export, for random worlds and filters.

use omnia::contract::proto::{
    DettaglioDecreto, DownloadDecreesRequest, DownloadReportSinteticoRequest, FormatoFile,
    GetReportSinteticoRequest,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use super::{FORMATI, decreti, lettori::leggi, report};
use crate::{
    modello::{Estratto, Filtro},
    mondi,
    riconciliazione::{export, filtro_decreti, filtro_report},
    servizio::{Cliente, Servizio},
};

type Mondo = (Estratto, Vec<Filtro>, Vec<Filtro>);

fn mondo() -> impl Strategy<Value = Mondo> {
    (
        mondi::estratto(80),
        prop::collection::vec(mondi::filtro_decreti(), 4),
        prop::collection::vec(mondi::filtro_report(), 4),
    )
}

#[test]
fn every_format_has_the_rows_and_totals_of_the_export() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config {
        cases: 8,
        max_shrink_iters: 20,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&mondo(), |mondo| {
            runtime.block_on(check(&mondo));
            Ok(())
        })
        .unwrap();
}

async fn check((estratto, of_decreti, of_report): &Mondo) {
    // Small lotti: every file has several.
    let servizio = Servizio::avvia_con(|s| s.export.batch_rows = 7).await;
    let mut cliente = servizio.cliente("mlps-ammortizzatori").await;
    assert_eq!(servizio.carica(estratto, "2026-09-30").await, 1);
    for filtro in of_decreti {
        check_decreti(&mut cliente, filtro).await;
    }
    for filtro in of_report {
        check_report(&mut cliente, filtro).await;
    }
    servizio.ferma().await;
}

/// The largest amounts that a row may have, so many of them that their sums have 18 digits before the point and need more than
/// an amount has: everything that adds up says the same.
#[tokio::test]
async fn sums_of_the_largest_amounts() {
    const MOST: u64 = 999_999_999_999_999_999;
    let mut estratto = crate::flusso::molte(101);
    for riga in &mut estratto.righe {
        (riga.ore, riga.autorizzati, riga.erogati) = (MOST, MOST, MOST);
    }
    let norm = estratto.righe[0].normativa;
    for anno in 2000..2101 {
        estratto.stanziamenti.push(crate::modello::Stanziamento {
            normativa: norm,
            prestazione: estratto.righe[0].prestazione,
            anno,
            importo: if anno == 2000 { 0 } else { MOST },
        });
    }
    let servizio = Servizio::avvia_con(|s| s.export.batch_rows = 7).await;
    let mut cliente = servizio.cliente("mlps-ammortizzatori").await;
    servizio.carica(&estratto, "2026-09-30").await;
    let filtro = Filtro {
        normative: [norm].into(),
        ..Filtro::default()
    };
    check_decreti(&mut cliente, &filtro).await;
    check_report(&mut cliente, &Filtro::default()).await;
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
    servizio.ferma().await;
}

async fn check_decreti(cliente: &mut Cliente, filtro: &Filtro) {
    let normativa = filtro.normative.first().unwrap().to_string();
    let (rows, _, totali) = export(cliente, &normativa, filtro, 1, String::new()).await;
    let expected: Vec<Vec<String>> = rows.iter().map(celle).collect();
    for formato in FORMATI {
        let request = DownloadDecreesRequest {
            normativa: normativa.clone(),
            filtro: Some(filtro_decreti(filtro)),
            formato: formato.into(),
            ..Default::default()
        };
        let file = decreti(cliente, request).await.unwrap();
        let letto = leggi(formato, &file.byte);
        assert_eq!(letto.colonne, omnia::blocks::riga::COLONNE, "{formato:?}");
        assert_eq!(letto.righe, expected, "{formato:?} {filtro:?}");
        assert_eq!(file.chiusura.totali.as_ref(), Some(&totali), "{formato:?}");
        assert_eq!(file.chiusura.dimensione, file.byte.len() as i64);
        assert_eq!(file.chiusura.sha256, sha256(&file.byte));
        assert_eq!(file.intestazione.rilevazione.unwrap().numero, 1);
        assert_eq!(file.intestazione.tipo_contenuto, tipo_contenuto(formato));
        let nome = file.intestazione.nome;
        let estensione = estensione(formato);
        assert!(nome.starts_with(&format!("decreti_{normativa}")), "{nome}");
        assert!(nome.ends_with(&format!("_r1.{estensione}")), "{nome}");
    }
}

async fn check_report(cliente: &mut Cliente, filtro: &Filtro) {
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
        ]
    });
    let expected: Vec<Vec<String>> = voci.collect();
    for formato in FORMATI {
        let request = DownloadReportSinteticoRequest {
            filtro: Some(filtro_report(filtro)),
            formato: formato.into(),
            ..Default::default()
        };
        let file = report(cliente, request).await.unwrap();
        let letto = leggi(formato, &file.byte);
        assert_eq!(
            letto.colonne[..3],
            ["normativa", "prestazione", "totale_stanziamenti"]
        );
        assert_eq!(letto.righe, expected, "{formato:?} {filtro:?}");
        assert_eq!(file.chiusura.righe, expected.len() as i64);
        assert_eq!(file.chiusura.totale, answer.totale, "{formato:?}");
        assert_eq!(file.chiusura.dimensione, file.byte.len() as i64);
        assert_eq!(file.chiusura.sha256, sha256(&file.byte));
        let nome = file.intestazione.nome;
        assert!(nome.starts_with("report-sintetico"), "{nome}");
    }
}

fn celle(riga: &DettaglioDecreto) -> Vec<String> {
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

fn tipo_contenuto(formato: FormatoFile) -> &'static str {
    match formato {
        FormatoFile::Csv | FormatoFile::CsvExcel => "text/csv; charset=utf-8; header=present",
        FormatoFile::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        FormatoFile::Parquet => "application/vnd.apache.parquet",
        FormatoFile::Unspecified => unreachable!(),
    }
}

fn estensione(formato: FormatoFile) -> &'static str {
    match formato {
        FormatoFile::Csv | FormatoFile::CsvExcel => "csv",
        FormatoFile::Xlsx => "xlsx",
        FormatoFile::Parquet => "parquet",
        FormatoFile::Unspecified => unreachable!(),
    }
}
