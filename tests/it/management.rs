//! GrantService, over the real server: who takes a step, what is refused, lists and pages.

use omnia::contract::proto::{
    AbilitazioneAa07, Ambito, ApproveRequestRequest, AzioneAbilitazione, ErrorReason,
    FiltroAbilitazioni, GetGrantRequest, GetGrantResponse, GetMyAccessRequest, LimitiAbilitazione,
    ListExpiringGrantsRequest, ListGrantsRequest, QuoteAbilitazione, RecordRequestRequest,
    ResumeGrantRequest, RevokeGrantRequest, StatoAbilitazione, SuspendGrantRequest,
    VerifyRequestRequest,
};
use tonic::{Code, Status};

use crate::{
    errors::{assert_error, contract_error},
    server::{CallerClients, TestServer, whole_scope},
};

/// The calls of INPS staff.
pub const RPC: [&str; 9] = [
    "GrantService/ApproveRequest",
    "GrantService/GetGrant",
    "GrantService/ListExpiringGrants",
    "GrantService/ListGrants",
    "GrantService/RecordRequest",
    "GrantService/ResumeGrant",
    "GrantService/RevokeGrant",
    "GrantService/SuspendGrant",
    "GrantService/VerifyRequest",
];

/// Makes a call with one filter set, as [`crate::chiamate::call_rpc`] does. The calls that name a grant name one that there is
/// not: GRANT_NOT_FOUND is an answer only for callers who may make the call.
pub async fn call_rpc(
    client: &mut CallerClients,
    rpc: &str,
    filtro: &str,
) -> Result<usize, Status> {
    let grants = &mut client.grants;
    let (id, motivo) = (i64::MAX, "prova".to_owned());
    let named = match rpc {
        "GrantService/RecordRequest" => {
            let answer = grants
                .record_request(record_request("nuovo", "mef-rgs"))
                .await?;
            return Ok(usize::from(answer.into_inner().abilitazione.is_some()));
        }
        "GrantService/ListGrants" => {
            let mut by = FiltroAbilitazioni::default();
            match filtro {
                "" => {}
                "soggetto" => by.soggetto = "cliente-inps-gestione".into(),
                "ente" => by.ente = "MLPS".into(),
                "profilo" => by.profilo = "inps-gestione".into(),
                "stato" => by.stato = StatoAbilitazione::Attiva.into(),
                other => panic!("{other} is no filter of grants"),
            }
            let request = ListGrantsRequest {
                filtro: Some(by),
                ..Default::default()
            };
            let answer = grants.list_grants(request).await?;
            return Ok(answer.into_inner().abilitazioni.len());
        }
        "GrantService/ListExpiringGrants" => {
            let request = ListExpiringGrantsRequest {
                giorni: 60,
                ..Default::default()
            };
            let answer = grants.list_expiring_grants(request).await?;
            return Ok(answer.into_inner().abilitazioni.len());
        }
        "GrantService/GetGrant" => grants.get_grant(GetGrantRequest { id }).await.err(),
        "GrantService/VerifyRequest" => {
            let request = VerifyRequestRequest { id, motivo };
            grants.verify_request(request).await.err()
        }
        "GrantService/ApproveRequest" => {
            let request = ApproveRequestRequest { id, motivo };
            grants.approve_request(request).await.err()
        }
        "GrantService/SuspendGrant" => {
            let request = SuspendGrantRequest { id, motivo };
            grants.suspend_grant(request).await.err()
        }
        "GrantService/ResumeGrant" => {
            let request = ResumeGrantRequest { id, motivo };
            grants.resume_grant(request).await.err()
        }
        "GrantService/RevokeGrant" => {
            let request = RevokeGrantRequest { id, motivo };
            grants.revoke_grant(request).await.err()
        }
        other => panic!("{other} is no call of the contract"),
    };
    let status = named.expect("there is no such grant");
    match contract_error(&status).reason {
        ErrorReason::GrantNotFound => Ok(1),
        _ => Err(status),
    }
}

pub fn record_request(soggetto: &str, profilo: &str) -> RecordRequestRequest {
    RecordRequestRequest {
        protocollo_pec: "INPS.0001".into(),
        impronta_modulo: "ab".repeat(32),
        soggetto: soggetto.into(),
        ente: "MEF".into(),
        profilo: profilo.into(),
        ambito: Some(Ambito {
            tutte_le_normative: true,
            tutte_le_prestazioni: true,
            ..Default::default()
        }),
        valida_dal: "2026-01-01".into(),
        valida_al: "2026-12-31".into(),
        limiti: None,
        sostituisce: 0,
        motivo: "PEC".into(),
    }
}

/// A server and two persons of INPS.
async fn office() -> (TestServer, CallerClients, CallerClients) {
    let service = TestServer::start().await;
    for soggetto in ["anna", "bruno"] {
        service
            .grant_scope(soggetto, "inps-gestione", whole_scope())
            .await;
    }
    let (anna, bruno) = (service.clients_as("anna"), service.clients_as("bruno"));
    (service, anna, bruno)
}

async fn record(client: &mut CallerClients, request: RecordRequestRequest) -> AbilitazioneAa07 {
    let answer = client.grants.record_request(request).await.unwrap();
    answer.into_inner().abilitazione.unwrap()
}

/// One step by name.
async fn step(
    client: &mut CallerClients,
    step: AzioneAbilitazione,
    id: i64,
) -> Result<StatoAbilitazione, Status> {
    let motivo = "prova".to_owned();
    let grants = &mut client.grants;
    let answer = match step {
        AzioneAbilitazione::Verifica => {
            let request = VerifyRequestRequest { id, motivo };
            grants
                .verify_request(request)
                .await?
                .into_inner()
                .abilitazione
        }
        AzioneAbilitazione::Approvazione => {
            let request = ApproveRequestRequest { id, motivo };
            grants
                .approve_request(request)
                .await?
                .into_inner()
                .abilitazione
        }
        AzioneAbilitazione::Sospensione => {
            let request = SuspendGrantRequest { id, motivo };
            grants
                .suspend_grant(request)
                .await?
                .into_inner()
                .abilitazione
        }
        AzioneAbilitazione::Riattivazione => {
            let request = ResumeGrantRequest { id, motivo };
            grants
                .resume_grant(request)
                .await?
                .into_inner()
                .abilitazione
        }
        AzioneAbilitazione::Revoca => {
            let request = RevokeGrantRequest { id, motivo };
            grants
                .revoke_grant(request)
                .await?
                .into_inner()
                .abilitazione
        }
        other => panic!("{other:?} is no call"),
    };
    Ok(answer.unwrap().stato())
}

async fn get(client: &mut CallerClients, id: i64) -> GetGrantResponse {
    let answer = client.grants.get_grant(GetGrantRequest { id }).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn a_grant_lives() {
    use AzioneAbilitazione as A;
    use StatoAbilitazione as S;
    let (service, mut anna, mut bruno) = office().await;
    let mut request = record_request("client", "mef-sintesi");
    request.limiti = Some(LimitiAbilitazione {
        orari: vec!["lun-ven 08:00-18:30".into()],
        quote: Some(QuoteAbilitazione {
            al_secondo: Some(50),
            ..Default::default()
        }),
        ..Default::default()
    });
    let recorded = record(&mut anna, request.clone()).await;
    let id = recorded.id;
    assert_eq!(recorded.stato(), S::Richiesta);
    assert_eq!(recorded.soggetto, "client");
    assert_eq!(recorded.limiti, request.limiti);
    assert_eq!(recorded.impronta_modulo, request.impronta_modulo);
    assert_eq!(recorded.ambito, request.ambito);

    let mut client = service.clients_as("client");
    let refused = client.access.get_my_access(GetMyAccessRequest {}).await;
    let denied = Code::PermissionDenied;
    assert_error(&refused.unwrap_err(), denied, ErrorReason::GrantMissing);

    let illegal = step(&mut bruno, A::Approvazione, id).await.unwrap_err();
    let illegal = assert_error(
        &illegal,
        Code::FailedPrecondition,
        ErrorReason::TransitionIllegal,
    );
    assert_eq!(illegal.metadata["stato"], "RICHIESTA");
    assert_eq!(illegal.metadata["azione"], "APPROVAZIONE");
    assert_eq!(illegal.metadata["abilitazione"], id.to_string());

    assert_eq!(
        step(&mut anna, A::Verifica, id).await.unwrap(),
        S::Verificata
    );
    let same = step(&mut anna, A::Approvazione, id).await.unwrap_err();
    assert_error(&same, denied, ErrorReason::FourEyes);
    assert_eq!(
        step(&mut bruno, A::Approvazione, id).await.unwrap(),
        S::Attiva
    );

    let answer = client.access.get_my_access(GetMyAccessRequest {}).await;
    assert_eq!(answer.unwrap().into_inner().profilo, "mef-sintesi");

    for (azione, stato) in [
        (A::Sospensione, S::Sospesa),
        (A::Riattivazione, S::Attiva),
        (A::Revoca, S::Revocata),
    ] {
        assert_eq!(step(&mut anna, azione, id).await.unwrap(), stato);
    }
    let whole = get(&mut anna, id).await;
    let steps: Vec<(AzioneAbilitazione, &str, &str)> = whole
        .passi
        .iter()
        .map(|p| (p.azione(), p.operatore.as_str(), p.motivo.as_str()))
        .collect();
    assert_eq!(
        steps,
        [
            (A::Richiesta, "anna", "PEC"),
            (A::Verifica, "anna", "prova"),
            (A::Approvazione, "bruno", "prova"),
            (A::Sospensione, "anna", "prova"),
            (A::Riattivazione, "anna", "prova"),
            (A::Revoca, "anna", "prova"),
        ]
    );
    let last = whole.passi.last().unwrap().clone();
    assert_eq!((last.da_stato(), last.a_stato()), (S::Attiva, S::Revocata));
    assert_eq!(
        last.istante.unwrap().seconds,
        service.clock.now().timestamp()
    );
    assert_eq!(whole.abilitazione.unwrap().ultimo_passo, Some(last));
    service.stop().await;
}

#[tokio::test]
async fn every_bad_field_of_a_request_is_named() {
    let (service, mut anna, _) = office().await;
    let bad = RecordRequestRequest {
        protocollo_pec: " ".into(),
        impronta_modulo: "ab".into(),
        soggetto: "a\nb".into(),
        ente: "mef".into(),
        profilo: "decreti".into(),
        ambito: Some(Ambito {
            tutte_le_normative: true,
            normative: vec!["A".into()],
            ..Default::default()
        }),
        valida_dal: "2026-11-24".into(),
        valida_al: "2026-11-22".into(),
        limiti: Some(LimitiAbilitazione {
            reti: vec!["192.0.2.1/24".into()],
            orari: vec!["ven 22:00-06:00".into()],
            finalita: vec!["x".into()],
            certificati: vec!["CN=x".into()],
            quote: Some(QuoteAbilitazione {
                al_secondo: Some(0),
                ..Default::default()
            }),
        }),
        sostituisce: -1,
        motivo: String::new(),
    };
    let status = anna.grants.record_request(bad).await.unwrap_err();
    let invalid = ErrorReason::InvalidRequest;
    let error = assert_error(&status, Code::InvalidArgument, invalid);
    assert_eq!(
        error.violations,
        [
            "protocollo_pec",
            "impronta_modulo",
            "soggetto",
            "ente",
            "profilo",
            "ambito.normative",
            "ambito.prestazioni",
            "valida_al",
            "valida_al",
            "limiti.reti",
            "limiti.orari",
            "limiti.finalita",
            "limiti.certificati",
            "limiti.quote.al_secondo",
            "sostituisce",
            "motivo",
        ]
    );
    // What only the catalogue and the register know.
    let mut unknown = record_request("client", "mef-rgs");
    unknown.sostituisce = 7777;
    unknown.ambito = Some(Ambito {
        normative: vec!["DL1-1900".into()],
        prestazioni: vec!["CIGO".into()],
        ..Default::default()
    });
    let status = anna.grants.record_request(unknown).await.unwrap_err();
    let error = assert_error(&status, Code::InvalidArgument, invalid);
    assert_eq!(
        error.violations,
        ["ambito.normative", "ambito.prestazioni", "sostituisce"]
    );
    assert_eq!(error.metadata["valori"], "DL1-1900,CIGO");
    for id in [0, -1] {
        let request = VerifyRequestRequest {
            id,
            motivo: " ".into(),
        };
        let status = anna.grants.verify_request(request).await.unwrap_err();
        let error = assert_error(&status, Code::InvalidArgument, invalid);
        assert_eq!(error.violations, ["id", "motivo"]);
    }
    service.stop().await;
}
