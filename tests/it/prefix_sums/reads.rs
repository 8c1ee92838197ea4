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
    let service = TestServer::start().await;
    service.load(&extract(), "2026-10-31").await;
    sqlx::query("revoke select on dettaglio_decreto from omnia_servizio")
        .execute(&service.db.owner)
        .await
        .unwrap();
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    for filtro in FILTERS {
        assert!(call_rpc(&mut client, REPORT, filtro).await.unwrap() > 0);
    }
    // Who needs one fails.
    for rpc in DETAIL {
        let status = call_rpc(&mut client, rpc, "numero_decreto")
            .await
            .unwrap_err();
        assert_error(&status, Code::Internal, ErrorReason::Internal);
    }
    service.stop().await;
}

#[tokio::test]
async fn no_query_once_the_rilevazione_is_in_memory() {
    let service = TestServer::start().await;
    service.load(&extract(), "2026-09-30").await;
    service.load(&extract(), "2026-10-31").await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    let request = |filtro: &str, rilevazione: i32| GetReportSinteticoRequest {
        filtro: Some(filtro_report(filtro)),
        rilevazione,
    };
    let mut before = Vec::new();
    for filtro in FILTERS {
        for rilevazione in [0, 1, 2] {
            let answer = client
                .report
                .get_report_sintetico(request(filtro, rilevazione));
            before.push(answer.await.unwrap().into_inner());
        }
    }
    // Those that calls query on: there are no others for them.
    service.db.serving.close().await;
    let mut then = Vec::new();
    for filtro in FILTERS {
        for rilevazione in [0, 1, 2] {
            let answer = client
                .report
                .get_report_sintetico(request(filtro, rilevazione));
            then.push(answer.await.unwrap().into_inner());
        }
    }
    assert_eq!(before, then);
    for (rpc, rilevazione) in [(DETAIL[0], 0), (REPORT, 3)] {
        let status = match rpc {
            REPORT => client
                .report
                .get_report_sintetico(request("", rilevazione))
                .await
                .unwrap_err(),
            _ => call_rpc(&mut client, rpc, "").await.unwrap_err(),
        };
        assert_error(&status, Code::Unavailable, ErrorReason::DatabaseUnavailable);
    }
    service.stop().await;
}

/// What the memory holds is cut by each caller's own grant.
#[tokio::test]
async fn memory_is_shared_and_sight_is_not() {
    let service = TestServer::start().await;
    service.load(&extract(), "2026-10-31").await;
    let mut everything = service.clients_of("mlps-ammortizzatori").await;
    let norm = CodiceNormativa::parse(NORMATIVE[1]).unwrap();
    let ambito = Ambito::new(AmbitoCodes::only([norm]).unwrap(), AmbitoCodes::All);
    service.grant_scope("una", "mef-sintesi", ambito).await;
    let mut one = service.clients_as("una");
    for _ in 0..2 {
        assert_eq!(call_rpc(&mut everything, REPORT, "").await.unwrap(), 6);
        assert_eq!(call_rpc(&mut one, REPORT, "").await.unwrap(), 2);
        let status = call_rpc(&mut one, REPORT, "normativa").await.unwrap_err();
        assert_error(&status, Code::PermissionDenied, ErrorReason::ScopeDenied);
    }
    service.stop().await;
}
