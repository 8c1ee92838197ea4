//! A subject may be a natural person: who manages grants names persons, and the log does not.

use omnia::{
    contract::proto::{
        CountDecreesRequest, ErrorReason, ExplainAccessRequest, FiltroAbilitazioni, FiltroDecreti,
        ListGrantsRequest, explain_access_request::Chi,
    },
    crypto::key::AuditKey,
};
use tonic::{Code, Request, client::Grpc, codegen::http::uri::PathAndQuery};

use super::call_records;
use crate::{
    calls::{AZIENDA, PERSONA},
    errors::assert_error,
    management::record_request,
    model::{MATRICOLE, NORMATIVE},
    server::{AUDIT_KEY, TestServer},
};

fn of_subject(soggetto: &str) -> ListGrantsRequest {
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
    let service = TestServer::start().await;
    let mut manager = service.clients_of("inps-gestione").await;
    let auditor = service.clients_of("inps-controllo").await;
    let mut rgs = service.clients_of("mef-rgs").await;
    let impronta = AuditKey::new(&AUDIT_KEY).keyed_hash(PERSONA);
    let tinit = format!("TINIT-{PERSONA}");
    for written in [PERSONA, &tinit, &PERSONA.to_lowercase()] {
        let mut request = record_request(written, "mef-rgs");
        request.protocollo_pec = format!("INPS.0001 {written}");
        manager.grants.record_request(request).await.unwrap();
        let record = call_records(&service.db.owner).await.pop().unwrap();
        // What stands around it stays; in whatever case, she is one.
        let hidden = written.to_uppercase().replace(PERSONA, &impronta);
        assert_eq!(record["selezione"]["soggetto"], hidden, "{written}");
        let protocol = format!("INPS.0001 {hidden}");
        assert_eq!(record["selezione"]["protocollo_pec"], protocol, "{written}");
        assert_eq!(record["selezione"]["profilo"], "mef-rgs");

        let request = of_subject(written);
        let listed = manager.grants.list_grants(request).await.unwrap();
        assert_eq!(listed.into_inner().abilitazioni.len(), 1, "{written}");
        let record = call_records(&service.db.owner).await.pop().unwrap();
        assert_eq!(record["selezione"]["soggetto"], hidden, "{written}");

        // In the wrong field.
        let mut request = of_subject("");
        request.filtro.as_mut().unwrap().profilo = written.into();
        manager.grants.list_grants(request).await.unwrap();
        let record = call_records(&service.db.owner).await.pop().unwrap();
        assert_eq!(record["selezione"]["profilo"], hidden, "{written}");

        let request = ExplainAccessRequest {
            chi: Some(Chi::Soggetto(written.into())),
            rpc: "DecreeService/ListDecrees".into(),
            ..Default::default()
        };
        let mut access = auditor.access.clone();
        access.explain_access(request).await.unwrap();
        let record = call_records(&service.db.owner).await.pop().unwrap();
        assert_eq!(record["selezione"]["soggetto"], hidden, "{written}");

        // Refused, and recorded as that.
        let request = of_subject(written);
        let refused = rgs.grants.list_grants(request).await.unwrap_err();
        assert_error(&refused, Code::PermissionDenied, ErrorReason::CallDenied);
    }
    let clear: i64 = sqlx::query_scalar(
        "select count(*) from audit_record where position(upper($1) in upper(record)) > 0",
    )
    .bind(PERSONA)
    .fetch_one(&service.db.owner)
    .await
    .unwrap();
    assert_eq!(clear, 0);
    service.stop().await;
}

/// Typed into a field that is not for it, into the path, or as the name of the caller.
#[tokio::test]
async fn a_code_typed_anywhere_leaves_no_codice_fiscale() {
    let service = TestServer::start().await;
    service.load(&crate::calls::extract(), "2026-10-31").await;
    let mut caller_client = service.clients_of("mlps-ammortizzatori").await;
    let key = AuditKey::new(&AUDIT_KEY);
    let (persona, azienda) = (key.keyed_hash(PERSONA), key.keyed_hash(AZIENDA));
    let mut filtro = FiltroDecreti::default();
    for (numero, hidden) in [
        (PERSONA.to_owned(), persona.clone()),
        (format!("{PERSONA}/2023"), format!("{persona}/2023")),
        (AZIENDA.to_owned(), azienda.clone()),
    ] {
        filtro.numero_decreto = numero;
        filtro.cf_azienda = AZIENDA.into();
        filtro.matricola_azienda = MATRICOLE[0].into();
        let request = CountDecreesRequest {
            normativa: NORMATIVE[0].into(),
            filtro: Some(filtro.clone()),
            ..Default::default()
        };
        caller_client.decreti.count_decrees(request).await.unwrap();
        let record = call_records(&service.db.owner).await.pop().unwrap();
        let selezione = &record["selezione"];
        assert_eq!(selezione["numero_decreto"], hidden);
        assert_eq!(selezione["cf_azienda"], azienda, "a company's too");
        assert_eq!(selezione["matricola_azienda"], MATRICOLE[0]);
    }
    let request = CountDecreesRequest {
        normativa: PERSONA.into(),
        ..Default::default()
    };
    // Found or not: it was asked for.
    let _ = caller_client.decreti.count_decrees(request).await;
    let record = call_records(&service.db.owner).await.pop().unwrap();
    assert_eq!(record["selezione"]["normativa"], persona);

    for (path, hidden) in [
        (format!("/x/{PERSONA}"), format!("/x/{persona}")),
        (
            format!("/{}/GetReportSintetico", PERSONA.to_lowercase()),
            format!("/{persona}/GetReportSintetico"),
        ),
        (
            format!("/x/%{:02X}{}", PERSONA.as_bytes()[0], &PERSONA[1..]),
            format!("/x/{persona}"),
        ),
        (format!("/x/{AZIENDA}"), format!("/x/{azienda}")),
    ] {
        let channel = service.channel();
        let mut client = Grpc::new(channel);
        client.ready().await.unwrap();
        let refused = client
            .unary(
                Request::new(CountDecreesRequest::default()),
                PathAndQuery::try_from(&*path).unwrap(),
                tonic_prost::ProstCodec::<CountDecreesRequest, CountDecreesRequest>::default(),
            )
            .await;
        refused.unwrap_err();
        let record = call_records(&service.db.owner).await.pop().unwrap();
        assert_eq!(record["rpc"], hidden, "{path}");
    }

    let mut none = service.clients_as(&format!("TINIT-{PERSONA}"));
    none.decreti
        .count_decrees(CountDecreesRequest::default())
        .await
        .unwrap_err();
    let record = call_records(&service.db.owner).await.pop().unwrap();
    assert_eq!(record["soggetto"], format!("TINIT-{persona}"));
    for code in [PERSONA, AZIENDA] {
        let clear: i64 = sqlx::query_scalar(
            "select count(*) from audit_record where position($1 in upper(record)) > 0",
        )
        .bind(code)
        .fetch_one(&service.db.owner)
        .await
        .unwrap();
        assert_eq!(clear, 0, "{code}");
    }
    service.stop().await;
}
