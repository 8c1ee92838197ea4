//! What a call reads: no row of the detail, and in the steady state nothing at all.

use omnia::{
    abilitazione::{Ambito, AmbitoCodes},
    contract::proto::{ErrorReason, GetReportSinteticoRequest},
    valori::CodiceNormativa,
};
use tonic::Code;

use crate::{
    calls::{DETAIL, call_rpc, extract, filtro_report},
    errors::assert_error,
    model::NORMATIVE,
    server::TestServer,
};

const REPORT: &str = "ReportService/GetReportSintetico";
const FILTERS: [&str; 4] = ["", "normativa", "prestazione", "periodo"];

#[tokio::test]
async fn no_row_of_the_detail() {
    let servizio = TestServer::start().await;
    servizio.load(&extract(), "2026-10-31").await;
    sqlx::query("revoke select on dettaglio_decreto from omnia_servizio")
        .execute(&servizio.db.owner)
        .await
        .unwrap();
    let mut cliente = servizio.clients_of("mlps-ammortizzatori").await;
    for filtro in FILTERS {
        assert!(call_rpc(&mut cliente, REPORT, filtro).await.unwrap() > 0);
    }
    // Who needs one fails.
    for rpc in DETAIL {
        let status = call_rpc(&mut cliente, rpc, "numero_decreto")
            .await
            .unwrap_err();
        assert_error(&status, Code::Internal, ErrorReason::Internal);
    }
    servizio.stop().await;
}

#[tokio::test]
async fn no_query_once_the_rilevazione_is_in_memory() {
    let servizio = TestServer::start().await;
    servizio.load(&extract(), "2026-09-30").await;
    servizio.load(&extract(), "2026-10-31").await;
    let mut cliente = servizio.clients_of("mlps-ammortizzatori").await;
    let request = |filtro: &str, rilevazione: i32| GetReportSinteticoRequest {
        filtro: Some(filtro_report(filtro)),
        rilevazione,
    };
    let mut prima = Vec::new();
    for filtro in FILTERS {
        for rilevazione in [0, 1, 2] {
            let answer = cliente
                .report
                .get_report_sintetico(request(filtro, rilevazione));
            prima.push(answer.await.unwrap().into_inner());
        }
    }
    // Those that calls query on: there are no others for them.
    servizio.db.serving.close().await;
    let mut poi = Vec::new();
    for filtro in FILTERS {
        for rilevazione in [0, 1, 2] {
            let answer = cliente
                .report
                .get_report_sintetico(request(filtro, rilevazione));
            poi.push(answer.await.unwrap().into_inner());
        }
    }
    assert_eq!(prima, poi);
    for (rpc, rilevazione) in [(DETAIL[0], 0), (REPORT, 3)] {
        let status = match rpc {
            REPORT => cliente
                .report
                .get_report_sintetico(request("", rilevazione))
                .await
                .unwrap_err(),
            _ => call_rpc(&mut cliente, rpc, "").await.unwrap_err(),
        };
        assert_error(&status, Code::Unavailable, ErrorReason::DatabaseUnavailable);
    }
    servizio.stop().await;
}

/// What the memory holds is cut by each caller's own grant.
#[tokio::test]
async fn memory_is_shared_and_sight_is_not() {
    let servizio = TestServer::start().await;
    servizio.load(&extract(), "2026-10-31").await;
    let mut tutto = servizio.clients_of("mlps-ammortizzatori").await;
    let norma = CodiceNormativa::parse(NORMATIVE[1]).unwrap();
    let ambito = Ambito::new(AmbitoCodes::only([norma]).unwrap(), AmbitoCodes::All);
    servizio.grant_scope("una", "mef-sintesi", ambito).await;
    let mut una = servizio.clients_as("una");
    for _ in 0..2 {
        assert_eq!(call_rpc(&mut tutto, REPORT, "").await.unwrap(), 6);
        assert_eq!(call_rpc(&mut una, REPORT, "").await.unwrap(), 2);
        let status = call_rpc(&mut una, REPORT, "normativa").await.unwrap_err();
        assert_error(&status, Code::PermissionDenied, ErrorReason::ScopeDenied);
    }
    servizio.stop().await;
}
