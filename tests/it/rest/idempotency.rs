//! A step that is asked for twice, with a key, is taken once.

use futures_util::future::join_all;
use omnia::contract::proto::{ErrorReason, SuspendGrantRequest};
use serde_json::{Value, json};
use tonic::{Code, Request};

use super::{Answer, RestCaller};
use crate::{
    errors::assert_error,
    server::{TestServer, whole_scope},
};

const KEY: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";

fn request(soggetto: &str) -> Value {
    json!({
        "protocollo_pec": "INPS.0000.01/01/2026.0000001",
        "impronta_modulo": "a".repeat(64),
        "soggetto": soggetto,
        "ente": "MEF",
        "profilo": "mef-rgs",
        "ambito": {"tutte_le_normative": true, "tutte_le_prestazioni": true},
        "valida_dal": "2026-11-23",
        "valida_al": "2026-12-31",
        "motivo": "prova",
    })
}

async fn with_key(caller: &RestCaller, path: &str, key: &str, body: &Value) -> Answer {
    let request = caller
        .request("POST", path)
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(body.to_string());
    Answer::of(request.send().await.unwrap()).await
}

async fn steps(caller: &RestCaller, id: &str) -> usize {
    let grant = caller.get(&format!("/v1/abilitazioni/{id}")).await.ok();
    grant["passi"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_step_is_taken_once_however_often_it_is_asked_for() {
    let service = TestServer::start().await;
    let anna = RestCaller::of(&service, "inps-gestione").await;
    // Ten at once: one is recorded, and all are told of it.
    let body = request("nuovo");
    let quoted = format!("\"{KEY}\"");
    let asked = (0..10).map(|n| {
        let key = if n % 2 == 0 { KEY } else { &quoted };
        with_key(&anna, "/v1/abilitazioni", key, &body)
    });
    let answers: Vec<Value> = join_all(asked).await.iter().map(Answer::ok).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let all = anna.get("/v1/abilitazioni").await.ok();
    // The caller's own, and this one.
    assert_eq!(all["abilitazioni"].as_array().unwrap().len(), 2, "{all}");
    let id = answers[0]["abilitazione"]["id"]
        .as_str()
        .unwrap()
        .to_owned();

    let verify = format!("/v1/abilitazioni/{id}/verifica");
    let reason = json!({"motivo": "ok"});
    let verified = with_key(&anna, &verify, "v", &reason).await.ok();
    assert_eq!(with_key(&anna, &verify, "v", &reason).await.ok(), verified);
    assert_eq!(steps(&anna, &id).await, 2);
    // Without the key the step is another one, which the state does not admit.
    let again = anna.post(&verify, &reason).await;
    assert_eq!(
        again.problem(),
        (409, "TRANSITION_ILLEGAL".to_owned(), vec![])
    );
    // The first answer is given again, whatever has happened since.
    assert_eq!(
        with_key(&anna, "/v1/abilitazioni", KEY, &body).await.ok(),
        answers[0]
    );

    // Another request, or another step, under the same key.
    for (path, body) in [
        ("/v1/abilitazioni", request("altro")),
        (verify.as_str(), reason.clone()),
        (&format!("/v1/abilitazioni/{id}/revoca"), reason.clone()),
    ] {
        let answer = with_key(&anna, path, KEY, &body).await;
        let reused = (422, "IDEMPOTENCY_KEY_REUSED".to_owned(), vec![]);
        assert_eq!(answer.problem(), reused, "{path}");
    }
    for bad in ["", "a b", "\"", &"k".repeat(256)] {
        let answer = with_key(&anna, &verify, bad, &json!({"motivo": ""})).await;
        let fields = vec!["idempotency-key".to_owned(), "motivo".to_owned()];
        assert_eq!(
            answer.problem(),
            (400, "INVALID_REQUEST".to_owned(), fields),
            "{bad}"
        );
    }
    // What was refused has left no key.
    let approve = format!("/v1/abilitazioni/{id}/approvazione");
    assert_eq!(
        with_key(&anna, &approve, "a", &reason).await.problem().1,
        "FOUR_EYES"
    );
    service
        .grant_scope("bruno", "inps-gestione", whole_scope())
        .await;
    let bruno = RestCaller::with(&service, Some(service.token("bruno")));
    // The keys of one caller are not another's.
    let approved = with_key(&bruno, &approve, KEY, &reason).await.ok();
    assert_eq!(
        with_key(&bruno, &approve, KEY, &reason).await.ok(),
        approved
    );
    assert_eq!(steps(&anna, &id).await, 3);
    service.stop().await;
}

/// By gRPC the key is an entry of the metadata, and one key is good for both.
#[tokio::test]
async fn a_key_is_the_same_by_grpc() {
    let service = TestServer::start().await;
    service
        .grant_scope("bruno", "mef-sintesi", whole_scope())
        .await;
    let anna = RestCaller::of(&service, "inps-gestione").await;
    let all = anna
        .post(
            "/v1/abilitazioni/ricerca",
            &json!({"filtro": {"soggetto": "bruno"}}),
        )
        .await
        .ok();
    let id: i64 = all["abilitazioni"][0]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let path = format!("/v1/abilitazioni/{id}/sospensione");
    let by_http = with_key(&anna, &path, KEY, &json!({"motivo": "ok"}))
        .await
        .ok();
    let mut client = service.clients_as("cliente-inps-gestione");
    let mut suspend = async |motivo: &str| {
        let mut request = Request::new(SuspendGrantRequest {
            id,
            motivo: motivo.into(),
        });
        request
            .metadata_mut()
            .insert("idempotency-key", KEY.parse().unwrap());
        client.grants.suspend_grant(request).await
    };
    let grant = suspend("ok")
        .await
        .unwrap()
        .into_inner()
        .abilitazione
        .unwrap();
    let step = grant.ultimo_passo.unwrap();
    assert_eq!(
        by_http["abilitazione"]["ultimo_passo"]["versione"],
        step.versione
    );
    let refused = suspend("altro").await.unwrap_err();
    assert_error(
        &refused,
        Code::FailedPrecondition,
        ErrorReason::IdempotencyKeyReused,
    );
    assert_eq!(steps(&anna, &id.to_string()).await, 4);
    service.stop().await;
}

/// A subject may be a person's codice fiscale: it is never in a URL.
#[tokio::test]
async fn grants_of_a_subject_are_searched_by_a_body() {
    let service = TestServer::start().await;
    let anna = RestCaller::of(&service, "inps-gestione").await;
    let answer = anna.get("/v1/abilitazioni?soggetto=RSSMRA80A01H501U").await;
    let fields = vec!["soggetto".to_owned()];
    assert_eq!(
        answer.problem(),
        (400, "INVALID_REQUEST".to_owned(), fields)
    );
    let found = anna.post("/v1/abilitazioni/ricerca", &json!({})).await.ok();
    assert_eq!(found, anna.get("/v1/abilitazioni").await.ok());
    service.stop().await;
}
