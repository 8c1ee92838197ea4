//! What ends before its time, and what is not even begun.

use std::time::Duration;

use omnia::{
    abilitazione::grants::StatoAa07,
    contract::proto::{
        ErrorReason, ExportDecreesRequest, ListRilevazioniRequest, RevokeGrantRequest,
        grant_service_client::GrantServiceClient,
    },
};
use tonic::Code;

use super::{call_records, intact};
use crate::{
    abilitazione::PACKAGE, errors::assert_error, eventually::eventually, export_stream::many_rows,
    model::NORMATIVE, port::waiting, server::TestServer,
};

/// A call that its client gives up was let in, and may have read: it has its record.
#[tokio::test]
async fn a_call_that_ends_before_its_answer_is_recorded() {
    let service = TestServer::start().await;
    service.load(&crate::calls::extract(), "2026-10-31").await;
    let mut client = service.clients_of("mef-rgs").await;
    let mut lock = service.db.owner.begin().await.unwrap();
    sqlx::query("lock table rilevazione in access exclusive mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    let call = tokio::spawn(async move {
        let request = ListRilevazioniRequest::default();
        client.report.list_rilevazioni(request).await
    });
    eventually("its statement runs", async || {
        waiting(&service.db.owner).await > 0
    })
    .await;
    call.abort();
    let waits = async {
        loop {
            if let Some(record) = call_records(&service.db.owner).await.pop() {
                return record;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let record = tokio::time::timeout(Duration::from_secs(10), waits)
        .await
        .unwrap();
    assert_eq!(record["rpc"], "ReportService/ListRilevazioni");
    assert_eq!(record["soggetto"], "cliente-mef-rgs");
    assert_eq!(
        (&record["tipo"], &record["esito"]),
        (&"CHIAMATA".into(), &"CANCELLED".into())
    );
    lock.rollback().await.unwrap();
    intact(&service.stop().await.owner).await;
}

/// A service that stops does not wait for a client that never reads; the log has the end of its stream.
#[tokio::test]
async fn streams_that_a_stop_cuts_have_their_end() {
    let service = TestServer::start_with(|s| {
        s.export.batch_rows = 50;
        s.server.drain_seconds = 0;
    })
    .await;
    service.load(&many_rows(8_000), "2026-10-31").await;
    service
        .grant_scope("be", "mef-rgs", crate::server::whole_scope())
        .await;
    let mut client = service.slow_clients("be");
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    let _never_read = client.decreti.export_decrees(request).await.unwrap();
    let db = service.stop().await;
    let record = call_records(&db.owner).await.pop().unwrap();
    assert_eq!(
        (&record["tipo"], &record["esito"]),
        (&"FINE".into(), &"UNAVAILABLE".into())
    );
    assert_eq!(intact(&db.owner).await.unended, 0);
}

/// What the door refused was refused, whatever the code; what it let in was let in, whatever became of it.
#[tokio::test]
async fn the_decision_is_the_doors() {
    let service = TestServer::start().await;
    let mut none = service.clients_with(None);
    let status = none
        .call_any(&format!("{PACKAGE}DecreeService/DropDecrees"))
        .await;
    assert_eq!(status.unwrap_err().code(), Code::Unauthenticated);
    none.call_any("/no.such.Service/Call").await.unwrap_err();
    let mut client = service.clients_of("mef-rgs").await;
    // Let in, and wrong.
    client
        .decreti
        .export_decrees(ExportDecreesRequest::default())
        .await
        .unwrap_err();
    let decisions: Vec<String> = call_records(&service.db.owner)
        .await
        .iter()
        .map(|record| format!("{} {}", record["decisione"], record["motivo"]).replace('"', ""))
        .collect();
    assert_eq!(
        decisions,
        [
            "NEGATA ERROR_REASON_TOKEN_MISSING",
            "NEGATA ERROR_REASON_CALL_UNKNOWN",
            "CONSENTITA ERROR_REASON_INVALID_REQUEST",
        ]
    );
    service.stop().await;
}

/// A step that could not be recorded is not taken.
#[tokio::test]
async fn no_step_is_taken_that_could_not_be_recorded() {
    let service = TestServer::start().await;
    let mut client = service.clients_of("inps-gestione").await;
    let id = service
        .grant_scope("be", "mef-rgs", crate::server::whole_scope())
        .await;
    sqlx::query("revoke insert on audit_registro from omnia_servizio")
        .execute(&service.db.owner)
        .await
        .unwrap();
    // The log finds out with the first record that it cannot write.
    crate::calls::call_rpc(&mut client, "AccessService/GetMyAccess", "")
        .await
        .unwrap_err();
    let mut grants = GrantServiceClient::new(client.channel.clone());
    let request = RevokeGrantRequest {
        id,
        motivo: "prova".into(),
    };
    let status = grants.revoke_grant(request).await.unwrap_err();
    assert_error(&status, Code::Unavailable, ErrorReason::AuditUnavailable);
    let stato: String = sqlx::query_scalar(
        "select a_stato from abilitazione_evento where abilitazione = $1 order by versione desc limit 1",
    )
    .bind(id)
    .fetch_one(&service.db.owner)
    .await
    .unwrap();
    assert_eq!(stato, StatoAa07::Attiva.as_str());
}
