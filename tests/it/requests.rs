//! Requests that are well formed and wrong, or strange: every call says all that is wrong at once, and nothing else happens.

use omnia::contract::proto::{
    CountDecreesRequest, DownloadDecreesRequest, ErrorReason, ExportDecreesRequest, FiltroDecreti,
    FiltroReport, FormatoFile, GetReportSinteticoRequest, ListDecreesRequest,
    ListRilevazioniRequest, Periodo,
};
use tonic::{Code, Status};

use crate::{
    calls::{self, DETAIL, FLIGHT, RPC, call_rpc, call_rpc_for},
    errors::{ContractError, assert_error},
    model::NORMATIVE,
    server::{CallerClients, TestServer},
};

async fn scene() -> (TestServer, CallerClients) {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let client = service.clients_of("mlps-ammortizzatori").await;
    (service, client)
}

#[track_caller]
fn invalid(status: &Status, fields: &[&str]) -> ContractError {
    let error = assert_error(status, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(error.violations, fields, "{status:?}");
    // What an end user is shown names them too.
    for field in fields {
        assert!(error.italian.contains(field), "{}", error.italian);
    }
    error
}

/// The same selection to the four calls of the detail.
async fn detail(
    client: &mut CallerClients,
    normativa: &str,
    filtro: &FiltroDecreti,
    rilevazione: i32,
) -> [Result<(), Status>; 4] {
    let (normativa, filtro) = (normativa.to_owned(), Some(filtro.clone()));
    let list = client.decreti.list_decrees(ListDecreesRequest {
        normativa: normativa.clone(),
        filtro: filtro.clone(),
        rilevazione,
        ..Default::default()
    });
    let list = list.await.map(drop);
    let count = client.decreti.count_decrees(CountDecreesRequest {
        normativa: normativa.clone(),
        filtro: filtro.clone(),
        rilevazione,
    });
    let count = count.await.map(drop);
    let export = client.decreti.export_decrees(ExportDecreesRequest {
        normativa: normativa.clone(),
        filtro: filtro.clone(),
        rilevazione,
        ..Default::default()
    });
    let export = export.await.map(drop);
    let download = client.decreti.download_decrees(DownloadDecreesRequest {
        normativa,
        filtro,
        rilevazione,
        formato: FormatoFile::Xlsx.into(),
        ..Default::default()
    });
    [list, count, export, download.await.map(drop)]
}

async fn report(
    client: &mut CallerClients,
    filtro: FiltroReport,
    rilevazione: i32,
) -> Result<omnia::contract::proto::GetReportSinteticoResponse, Status> {
    let request = GetReportSinteticoRequest {
        filtro: Some(filtro),
        rilevazione,
    };
    let answer = client.report.get_report_sintetico(request).await?;
    Ok(answer.into_inner())
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let (service, mut client) = scene().await;
    let bad = FiltroDecreti {
        codifica_sistema_unico: "333".into(),
        numero_decreto: "-1".into(),
        periodo: Some(Periodo {
            dal: "31/12/2023".into(),
            al: "2023-02-29".into(),
            criterio: 99,
        }),
        cf_azienda: "00743110158".into(),
        matricola_azienda: "12345".into(),
    };
    let of_filter = [
        "normativa",
        "filtro.codifica_sistema_unico",
        "filtro.numero_decreto",
        "filtro.periodo.dal",
        "filtro.periodo.al",
        "filtro.periodo.criterio",
        "filtro.cf_azienda",
        "filtro.matricola_azienda",
        "rilevazione",
    ];
    for normativa in ["", "dl 109"] {
        for esito in detail(&mut client, normativa, &bad, -1).await {
            invalid(&esito.unwrap_err(), &of_filter);
        }
    }
    let list = client.decreti.list_decrees(ListDecreesRequest {
        normativa: String::new(),
        filtro: Some(bad.clone()),
        rilevazione: i32::MIN,
        page_size: -1,
        // Not looked at before the fields are right.
        page_token: "garbage".into(),
    });
    invalid(
        &list.await.unwrap_err(),
        &[&of_filter[..], &["page_size"]].concat(),
    );

    let filtro = FiltroReport {
        normativa: vec![NORMATIVE[0].into(), "x y".into(), String::new()],
        prestazione: vec!["cigs".into()],
        periodo: Some(Periodo {
            dal: "2024-01-01".into(),
            al: "2023-12-31".into(),
            criterio: 0,
        }),
    };
    let status = report(&mut client, filtro, -7).await.unwrap_err();
    invalid(
        &status,
        &[
            "filtro.normativa[1]",
            "filtro.normativa[2]",
            "filtro.prestazione[0]",
            "filtro.periodo.al",
            "rilevazione",
        ],
    );
    let many = FiltroReport {
        normativa: vec![NORMATIVE[0].into(); 101],
        ..Default::default()
    };
    invalid(
        &report(&mut client, many, 0).await.unwrap_err(),
        &["filtro.normativa"],
    );
    service.stop().await;
}

#[tokio::test]
async fn page_sizes() {
    let (service, mut client) = scene().await;
    for (page_size, good) in [
        (0, true),
        (1, true),
        (1000, true),
        (1001, false),
        (-1, false),
        (i32::MAX, false),
        (i32::MIN, false),
    ] {
        let list = client.decreti.list_decrees(ListDecreesRequest {
            normativa: NORMATIVE[0].into(),
            page_size,
            ..Default::default()
        });
        let list = list.await.map(|page| page.into_inner().decreti.len());
        let rilevazioni = client.report.list_rilevazioni(ListRilevazioniRequest {
            page_size,
            page_token: String::new(),
        });
        let rilevazioni = rilevazioni.await.map(drop);
        if good {
            assert_eq!(list.unwrap(), if page_size == 1 { 1 } else { 6 });
            rilevazioni.unwrap();
        } else {
            invalid(&list.unwrap_err(), &["page_size"]);
            invalid(&rilevazioni.unwrap_err(), &["page_size"]);
        }
    }
    service.stop().await;
}

#[tokio::test]
async fn rilevazioni_that_are_not_there() {
    let service = TestServer::start().await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    // Before the first load: the lists are empty, the reports have nothing to be computed on.
    for rpc in RPC {
        let esito = call_rpc(&mut client, rpc, "").await;
        if DETAIL.contains(&rpc)
            || FLIGHT.contains(&rpc)
            || rpc.ends_with("ReportSintetico")
            || rpc.starts_with("Monitoraggio")
        {
            assert_error(
                &esito.unwrap_err(),
                Code::FailedPrecondition,
                ErrorReason::NoRilevazione,
            );
        } else {
            esito.unwrap();
        }
    }
    service.load(&calls::extract(), "2026-10-31").await;
    for number in [2, i32::MAX] {
        let mut outcomes =
            Vec::from(detail(&mut client, NORMATIVE[0], &FiltroDecreti::default(), number).await);
        outcomes.push(
            report(&mut client, FiltroReport::default(), number)
                .await
                .map(drop),
        );
        for esito in outcomes {
            let error = assert_error(
                &esito.unwrap_err(),
                Code::NotFound,
                ErrorReason::RilevazioneNotFound,
            );
            assert_eq!(error.metadata["rilevazione"], number.to_string());
        }
    }
    service.stop().await;
}

/// A code of the right form that no catalogue has is a mistake of the caller's: an empty answer would say that the norm
/// has no decrees.
#[tokio::test]
async fn codes_that_the_catalogue_does_not_have() {
    let (service, mut client) = scene().await;
    for rpc in DETAIL {
        let status = call_rpc_for(&mut client, rpc, "DL109-2018-ART4", "")
            .await
            .unwrap_err();
        let error = invalid(&status, &["normativa"]);
        assert_eq!(error.metadata["valori"], "DL109-2018-ART4", "{rpc}");
    }
    let filtro = FiltroReport {
        normativa: vec!["NO-2".into(), NORMATIVE[0].into(), "NO-1".into()],
        prestazione: vec!["NO-3".into()],
        periodo: None,
    };
    let status = report(&mut client, filtro, 0).await.unwrap_err();
    let error = invalid(&status, &["filtro.normativa", "filtro.prestazione"]);
    assert_eq!(error.metadata["valori"], "NO-1,NO-2,NO-3");
    service.stop().await;
}

/// A selection that is right and that nothing fits: figures of zero, in the form of figures.
#[tokio::test]
async fn nothing_found_is_zero() {
    let (service, mut client) = scene().await;
    // The last norm has nothing any more.
    let mut extract = calls::extract();
    extract.rows.retain(|r| r.normativa != NORMATIVE[2]);
    extract.stanziamenti.retain(|s| s.normativa != NORMATIVE[2]);
    assert_eq!(service.load(&extract, "2026-11-01").await, 2);
    let filtro = FiltroReport {
        normativa: vec![NORMATIVE[2].into()],
        ..Default::default()
    };
    let answer = report(&mut client, filtro, 0).await.unwrap();
    assert!(answer.voci.is_empty());
    let totale = answer.totale.unwrap();
    assert_eq!(
        (&*totale.importi_autorizzati, &*totale.importi_erogati),
        ("0.00", "0.00")
    );
    // No cap is not a cap of zero.
    assert_eq!(
        (totale.totale_stanziamenti, totale.residuo_pagato),
        (None, None)
    );
    let count = client.decreti.count_decrees(CountDecreesRequest {
        normativa: NORMATIVE[2].into(),
        ..Default::default()
    });
    let totali = count.await.unwrap().into_inner().totali.unwrap();
    assert_eq!((totali.righe, &*totali.ore_decretate), (0, "0.00"));
    for rpc in DETAIL {
        let found = call_rpc_for(&mut client, rpc, NORMATIVE[2], "").await;
        assert_eq!(found.unwrap(), 0, "{rpc}");
    }
    service.stop().await;
}

/// Texts that mean something to SQL, to a terminal or to a path are texts of the wrong form and nothing more.
#[tokio::test]
async fn strange_texts() {
    let (service, mut client) = scene().await;
    for text in [
        "' or '1'='1",
        "'; drop table dettaglio_decreto; --",
        "$1",
        "%",
        "\\",
        "a\0b",
        "\u{202e}1",
        "é",
        "１２３",
        "../../etc/passwd",
        " ",
        "\n",
        &"9".repeat(8_000),
    ] {
        let filtro = FiltroDecreti {
            codifica_sistema_unico: text.into(),
            numero_decreto: text.into(),
            periodo: Some(Periodo {
                dal: text.into(),
                al: text.into(),
                criterio: 0,
            }),
            cf_azienda: text.into(),
            matricola_azienda: text.into(),
        };
        for esito in detail(&mut client, text, &filtro, 0).await {
            invalid(
                &esito.unwrap_err(),
                &[
                    "normativa",
                    "filtro.codifica_sistema_unico",
                    "filtro.numero_decreto",
                    "filtro.periodo.dal",
                    "filtro.periodo.al",
                    "filtro.cf_azienda",
                    "filtro.matricola_azienda",
                ],
            );
        }
        let filtro = FiltroReport {
            normativa: vec![text.into()],
            prestazione: vec![text.into()],
            periodo: None,
        };
        invalid(
            &report(&mut client, filtro, 0).await.unwrap_err(),
            &["filtro.normativa[0]", "filtro.prestazione[0]"],
        );
        let token = client.report.list_rilevazioni(ListRilevazioniRequest {
            page_size: 0,
            page_token: text.into(),
        });
        assert_error(
            &token.await.unwrap_err(),
            Code::InvalidArgument,
            ErrorReason::PageTokenInvalid,
        );
    }
    assert_eq!(
        call_rpc(&mut client, "DecreeService/CountDecrees", "")
            .await
            .unwrap(),
        6
    );
    service.stop().await;
}
