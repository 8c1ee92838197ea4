//! What ends before its time, and what is not even begun.

use std::time::Duration;

use omnia::{
    abilitazione::grants::Stato,
    contract::proto::{
        ErrorReason, ExportDecreesRequest, ListRilevazioniRequest, RevokeGrantRequest,
        grant_service_client::GrantServiceClient,
    },
};
use tonic::Code;

use super::{chiamate, integro};
use crate::{
    abilitazione::PACKAGE,
    errore::assert_errore,
    flusso::molte,
    modello::NORMATIVE,
    port::{until, waiting},
    servizio::Servizio,
};

/// A call that its client gives up was let in, and may have read: it has its record.
#[tokio::test]
async fn a_call_that_ends_before_its_answer_is_recorded() {
    let servizio = Servizio::avvia().await;
    servizio
        .carica(&crate::chiamate::estratto(), "2026-10-31")
        .await;
    let mut cliente = servizio.cliente("mef-rgs").await;
    let mut lock = servizio.db.owner.begin().await.unwrap();
    sqlx::query("lock table rilevazione in access exclusive mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    let call = tokio::spawn(async move {
        let request = ListRilevazioniRequest::default();
        cliente.report.list_rilevazioni(request).await
    });
    until("its statement runs", async || {
        waiting(&servizio.db.owner).await > 0
    })
    .await;
    call.abort();
    let waits = async {
        loop {
            if let Some(record) = chiamate(&servizio.db.owner).await.pop() {
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
    integro(&servizio.ferma().await.owner).await;
}

/// A service that stops does not wait for a client that never reads; the log has the end of its stream.
#[tokio::test]
async fn streams_that_a_stop_cuts_have_their_end() {
    let servizio = Servizio::avvia_con(|s| {
        s.export.batch_rows = 50;
        s.server.drain_seconds = 0;
    })
    .await;
    servizio.carica(&molte(8_000), "2026-10-31").await;
    servizio
        .abilita("be", "mef-rgs", crate::servizio::tutto())
        .await;
    let mut cliente = servizio.lento("be");
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    let _never_read = cliente.decreti.export_decrees(request).await.unwrap();
    let db = servizio.ferma().await;
    let record = chiamate(&db.owner).await.pop().unwrap();
    assert_eq!(
        (&record["tipo"], &record["esito"]),
        (&"FINE".into(), &"UNAVAILABLE".into())
    );
    assert_eq!(integro(&db.owner).await.senza_fine, 0);
}

/// What the door refused was refused, whatever the code; what it let in was let in, whatever became of it.
#[tokio::test]
async fn the_decision_is_the_doors() {
    let servizio = Servizio::avvia().await;
    let mut nessuno = servizio.con_token(None);
    let status = nessuno
        .qualsiasi(&format!("{PACKAGE}DecreeService/DropDecrees"))
        .await;
    assert_eq!(status.unwrap_err().code(), Code::Unauthenticated);
    nessuno
        .qualsiasi("/no.such.Service/Call")
        .await
        .unwrap_err();
    let mut cliente = servizio.cliente("mef-rgs").await;
    // Let in, and wrong.
    cliente
        .decreti
        .export_decrees(ExportDecreesRequest::default())
        .await
        .unwrap_err();
    let decisioni: Vec<String> = chiamate(&servizio.db.owner)
        .await
        .iter()
        .map(|record| format!("{} {}", record["decisione"], record["motivo"]).replace('"', ""))
        .collect();
    assert_eq!(
        decisioni,
        [
            "NEGATA ERROR_REASON_TOKEN_MISSING",
            "NEGATA ERROR_REASON_CALL_UNKNOWN",
            "CONSENTITA ERROR_REASON_INVALID_REQUEST",
        ]
    );
    servizio.ferma().await;
}

/// A step that could not be recorded is not taken.
#[tokio::test]
async fn no_step_is_taken_that_could_not_be_recorded() {
    let servizio = Servizio::avvia().await;
    let mut cliente = servizio.cliente("inps-gestione").await;
    let id = servizio
        .abilita("be", "mef-rgs", crate::servizio::tutto())
        .await;
    sqlx::query("revoke insert on audit_registro from omnia_servizio")
        .execute(&servizio.db.owner)
        .await
        .unwrap();
    // The log finds out with the first record that it cannot write.
    crate::chiamate::chiama(&mut cliente, "AccessService/GetMyAccess", "")
        .await
        .unwrap_err();
    let mut grants = GrantServiceClient::new(cliente.canale.clone());
    let request = RevokeGrantRequest {
        id,
        motivo: "prova".into(),
    };
    let status = grants.revoke_grant(request).await.unwrap_err();
    assert_errore(&status, Code::Unavailable, ErrorReason::AuditUnavailable);
    let stato: String = sqlx::query_scalar(
        "select a_stato from abilitazione_evento where abilitazione = $1 order by versione desc limit 1",
    )
    .bind(id)
    .fetch_one(&servizio.db.owner)
    .await
    .unwrap();
    assert_eq!(stato, Stato::Attiva.as_str());
}
