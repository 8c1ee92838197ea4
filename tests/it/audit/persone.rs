//! A subject may be a natural person: who manages grants names persons, and the log does not.

use omnia::{
    audit::Chiave,
    proto::{
        ErrorReason, ExplainAccessRequest, FiltroAbilitazioni, ListGrantsRequest,
        explain_access_request::Chi,
    },
};
use tonic::Code;

use super::chiamate;
use crate::{
    chiamate::PERSONA,
    errore::assert_errore,
    gestione::richiesta,
    servizio::{CHIAVE, Servizio},
};

fn del_soggetto(soggetto: &str) -> ListGrantsRequest {
    ListGrantsRequest {
        filtro: Some(FiltroAbilitazioni {
            soggetto: soggetto.into(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[tokio::test]
async fn grants_of_persons_leave_no_codice_fiscale() {
    let servizio = Servizio::avvia().await;
    let mut gestione = servizio.cliente("inps-gestione").await;
    let controllo = servizio.cliente("inps-controllo").await;
    let mut rgs = servizio.cliente("mef-rgs").await;
    let impronta = Chiave::new(&CHIAVE).impronta(PERSONA);
    let tinit = format!("TINIT-{PERSONA}");
    for written in [PERSONA, &tinit, &PERSONA.to_lowercase()] {
        let mut request = richiesta(written, "mef-rgs");
        request.protocollo_pec = format!("INPS.0001 {written}");
        gestione.abilitazioni.record_request(request).await.unwrap();
        let record = chiamate(&servizio.db.owner).await.pop().unwrap();
        assert_eq!(record["selezione"]["soggetto"], impronta, "{written}");
        assert_eq!(record["selezione"]["protocollo_pec"], impronta, "{written}");
        assert_eq!(record["selezione"]["profilo"], "mef-rgs");

        let request = del_soggetto(written);
        let listed = gestione.abilitazioni.list_grants(request).await.unwrap();
        assert_eq!(listed.into_inner().abilitazioni.len(), 1, "{written}");
        let record = chiamate(&servizio.db.owner).await.pop().unwrap();
        assert_eq!(record["selezione"]["soggetto"], impronta, "{written}");

        // In the wrong field.
        let mut request = del_soggetto("");
        request.filtro.as_mut().unwrap().profilo = written.into();
        gestione.abilitazioni.list_grants(request).await.unwrap();
        let record = chiamate(&servizio.db.owner).await.pop().unwrap();
        assert_eq!(record["selezione"]["profilo"], impronta, "{written}");

        let request = ExplainAccessRequest {
            chi: Some(Chi::Soggetto(written.into())),
            rpc: "DecreeService/ListDecrees".into(),
            ..Default::default()
        };
        let mut accesso = controllo.accesso.clone();
        accesso.explain_access(request).await.unwrap();
        let record = chiamate(&servizio.db.owner).await.pop().unwrap();
        assert_eq!(record["selezione"]["soggetto"], impronta, "{written}");

        // Refused, and recorded as that.
        let request = del_soggetto(written);
        let refused = rgs.abilitazioni.list_grants(request).await.unwrap_err();
        assert_errore(&refused, Code::PermissionDenied, ErrorReason::CallDenied);
    }
    let clear: i64 = sqlx::query_scalar(
        "select count(*) from audit_record where position(upper($1) in upper(record)) > 0",
    )
    .bind(PERSONA)
    .fetch_one(&servizio.db.owner)
    .await
    .unwrap();
    assert_eq!(clear, 0);
    servizio.ferma().await;
}
