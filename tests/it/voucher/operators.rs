//! One back end of INPS and the persons behind it: who takes a step of a grant is who the tracking evidence says.

use omnia::contract::proto::{
    Ambito, ApproveRequestRequest, ErrorReason, GetGrantRequest, RecordRequestRequest,
    StatoAbilitazione, VerifyRequestRequest, grant_service_client::GrantServiceClient,
};
use serde_json::json;
use tonic::{Code, Request, transport::Channel};

use super::{
    PDND, Presentation, VoucherScene,
    keys::{CONSUMER, hex, sha256},
};
use crate::{abilitazione::new_request, errors::assert_error};

const BACK_END: &str = "inps-gestione-be";

/// A voucher of the back end, with the evidence of a person if there is one.
fn presented_by(scene: &VoucherScene, utente: Option<&str>) -> Presentation {
    let (header, mut claims) = scene.voucher_parts();
    claims["sub"] = json!(BACK_END);
    claims["client_id"] = json!(BACK_END);
    claims["jti"] = json!(format!("voucher-{utente:?}"));
    let Some(utente) = utente else {
        return Presentation::bearer(&PDND.sign(&header, &claims));
    };
    let (evidence_header, mut evidence) = scene.evidence_parts(utente);
    evidence["iss"] = json!(BACK_END);
    evidence["userID"] = json!(utente);
    let evidence = CONSUMER.sign(&evidence_header, &evidence);
    claims["digest"] = json!({"alg": "SHA256", "value": hex(&sha256(&evidence))});
    Presentation::bearer(&PDND.sign(&header, &claims)).evidence(&evidence)
}

fn presented_with<T>(present: &Presentation, message: T) -> Request<T> {
    let mut request = Request::new(message);
    for (name, value) in &present.headers {
        request.metadata_mut().append(*name, value.parse().unwrap());
    }
    request
}

#[tokio::test]
async fn two_persons_of_one_back_end_are_four_eyes_and_one_is_not() {
    let scene = VoucherScene::start().await;
    let manager = new_request(BACK_END, "inps-gestione", "2026-01-01", "2026-12-31");
    scene.service.grant(&manager).await;
    let mut grants: GrantServiceClient<Channel> = GrantServiceClient::new(scene.service.channel());
    let (anna, bruno, nobody) = (
        presented_by(&scene, Some("anna")),
        presented_by(&scene, Some("bruno")),
        presented_by(&scene, None),
    );
    let request = RecordRequestRequest {
        protocollo_pec: "INPS.0001".into(),
        impronta_modulo: "ab".repeat(32),
        soggetto: "client".into(),
        ente: "MEF".into(),
        profilo: "mef-rgs".into(),
        ambito: Some(Ambito {
            tutte_le_normative: true,
            tutte_le_prestazioni: true,
            ..Default::default()
        }),
        valida_dal: "2026-01-01".into(),
        valida_al: "2026-12-31".into(),
        motivo: "PEC".into(),
        ..Default::default()
    };
    let recorded = grants
        .record_request(presented_with(&anna, request))
        .await
        .unwrap();
    let id = recorded.into_inner().abilitazione.unwrap().id;
    let motivo = "prova".to_owned();
    let verify = VerifyRequestRequest {
        id,
        motivo: motivo.clone(),
    };
    grants
        .verify_request(presented_with(&nobody, verify))
        .await
        .unwrap();
    let approve = ApproveRequestRequest { id, motivo };
    // Who recorded it, and who does not say who they are.
    for one in [&anna, &nobody] {
        let refused = grants
            .approve_request(presented_with(one, approve.clone()))
            .await;
        let refused = refused.unwrap_err();
        assert_error(&refused, Code::PermissionDenied, ErrorReason::FourEyes);
    }
    let approved = grants
        .approve_request(presented_with(&bruno, approve))
        .await
        .unwrap();
    let approved = approved.into_inner().abilitazione.unwrap();
    assert_eq!(approved.stato(), StatoAbilitazione::Attiva);

    let whole = grants
        .get_grant(presented_with(&nobody, GetGrantRequest { id }))
        .await;
    let whole = whole.unwrap().into_inner();
    let who: Vec<(&str, &str)> = whole
        .passi
        .iter()
        .map(|p| (&*p.operatore, &*p.utente))
        .collect();
    let expected = ["anna", "", "bruno"].map(|utente| (BACK_END, utente));
    assert_eq!(who, expected);
}
