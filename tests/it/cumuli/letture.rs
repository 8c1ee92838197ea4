//! What a call reads: no row of the detail, and in the steady state nothing at all.

use omnia::{
    abilitazione::{Ambito, Insieme},
    contract::proto::{ErrorReason, GetReportSinteticoRequest},
    valori::CodiceNormativa,
};
use tonic::Code;

use crate::{
    chiamate::{DETTAGLIO, chiama, estratto, filtro_report},
    errore::assert_errore,
    modello::NORMATIVE,
    servizio::Servizio,
};

const REPORT: &str = "ReportService/GetReportSintetico";
const FILTRI: [&str; 4] = ["", "normativa", "prestazione", "periodo"];

#[tokio::test]
async fn no_row_of_the_detail() {
    let servizio = Servizio::avvia().await;
    servizio.carica(&estratto(), "2026-10-31").await;
    sqlx::query("revoke select on dettaglio_decreto from omnia_servizio")
        .execute(&servizio.db.owner)
        .await
        .unwrap();
    let mut cliente = servizio.cliente("mlps-ammortizzatori").await;
    for filtro in FILTRI {
        assert!(chiama(&mut cliente, REPORT, filtro).await.unwrap() > 0);
    }
    // Who needs one fails.
    for rpc in DETTAGLIO {
        let status = chiama(&mut cliente, rpc, "numero_decreto")
            .await
            .unwrap_err();
        assert_errore(&status, Code::Internal, ErrorReason::Internal);
    }
    servizio.ferma().await;
}

#[tokio::test]
async fn no_query_once_the_rilevazione_is_in_memory() {
    let servizio = Servizio::avvia().await;
    servizio.carica(&estratto(), "2026-09-30").await;
    servizio.carica(&estratto(), "2026-10-31").await;
    let mut cliente = servizio.cliente("mlps-ammortizzatori").await;
    let request = |filtro: &str, rilevazione: i32| GetReportSinteticoRequest {
        filtro: Some(filtro_report(filtro)),
        rilevazione,
    };
    let mut prima = Vec::new();
    for filtro in FILTRI {
        for rilevazione in [0, 1, 2] {
            let answer = cliente
                .report
                .get_report_sintetico(request(filtro, rilevazione));
            prima.push(answer.await.unwrap().into_inner());
        }
    }
    // Those that calls query on: there are no others for them.
    servizio.db.servizio.close().await;
    let mut poi = Vec::new();
    for filtro in FILTRI {
        for rilevazione in [0, 1, 2] {
            let answer = cliente
                .report
                .get_report_sintetico(request(filtro, rilevazione));
            poi.push(answer.await.unwrap().into_inner());
        }
    }
    assert_eq!(prima, poi);
    for (rpc, rilevazione) in [(DETTAGLIO[0], 0), (REPORT, 3)] {
        let status = match rpc {
            REPORT => cliente
                .report
                .get_report_sintetico(request("", rilevazione))
                .await
                .unwrap_err(),
            _ => chiama(&mut cliente, rpc, "").await.unwrap_err(),
        };
        assert_errore(&status, Code::Unavailable, ErrorReason::DatabaseUnavailable);
    }
    servizio.ferma().await;
}

/// What the memory holds is cut by each caller's own grant.
#[tokio::test]
async fn memory_is_shared_and_sight_is_not() {
    let servizio = Servizio::avvia().await;
    servizio.carica(&estratto(), "2026-10-31").await;
    let mut tutto = servizio.cliente("mlps-ammortizzatori").await;
    let norma = CodiceNormativa::parse(NORMATIVE[1]).unwrap();
    let ambito = Ambito::new(Insieme::alcuni([norma]).unwrap(), Insieme::Tutti);
    servizio.abilita("una", "mef-sintesi", ambito).await;
    let mut una = servizio.come("una");
    for _ in 0..2 {
        assert_eq!(chiama(&mut tutto, REPORT, "").await.unwrap(), 6);
        assert_eq!(chiama(&mut una, REPORT, "").await.unwrap(), 2);
        let status = chiama(&mut una, REPORT, "normativa").await.unwrap_err();
        assert_errore(&status, Code::PermissionDenied, ErrorReason::ScopeDenied);
    }
    servizio.ferma().await;
}
