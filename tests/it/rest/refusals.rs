//! Refusals: the reason of the call, its status, and all that is wrong under the names that the caller used.

use reqwest::header::WWW_AUTHENTICATE;
use serde_json::{Value, json};

use super::{Answer, RestCaller};
use crate::{
    audit::call_records,
    calls::{self, AZIENDA, PERSONA},
    model::NORMATIVE,
    server::{TestServer, only_normativa},
};

fn fields(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

async fn scene() -> TestServer {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    service
}

#[track_caller]
fn refused(answer: &Answer, status: u16, reason: &str, names: &[&str]) {
    assert_eq!(answer.problem(), (status, reason.to_owned(), fields(names)));
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn who_is_not_known_is_told_how_to_come_in() {
    let service = scene().await;
    let nobody = RestCaller::with(&service, None);
    let answer = nobody.get("/v1/report-sintetico").await;
    refused(&answer, 401, "TOKEN_MISSING", &[]);
    let challenges: Vec<&str> = answer
        .headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    assert_eq!(challenges, ["Bearer", "DPoP algs=\"ES256 RS256\""]);
    let stranger = RestCaller::with(&service, Some("a.b.c".to_owned()));
    let answer = stranger.get("/v1/report-sintetico").await;
    refused(&answer, 401, "TOKEN_INVALID", &[]);
    assert_eq!(
        answer.header("www-authenticate"),
        "Bearer error=\"invalid_token\""
    );
    let without = RestCaller::with(&service, Some(service.token("nobody")));
    refused(
        &without.get("/v1/report-sintetico").await,
        403,
        "GRANT_MISSING",
        &[],
    );
    service.stop().await;
}

#[tokio::test]
async fn what_a_grant_forbids_is_forbidden_here_too() {
    let service = scene().await;
    let (norm, other) = (NORMATIVE[0], NORMATIVE[1]);
    service
        .grant_scope("uno", "mef-rgs", only_normativa(norm))
        .await;
    let caller = RestCaller::with(&service, Some(service.token("uno")));
    let list = |norm: &str| format!("/v1/normative/{norm}/decreti");
    caller.get(&list(norm)).await.ok();
    refused(&caller.get(&list(other)).await, 403, "SCOPE_DENIED", &[]);
    let path = format!("{}?matricola_azienda=7012345662", list(norm));
    refused(&caller.get(&path).await, 403, "FILTER_DENIED", &[]);
    let search = format!("{}/ricerca", list(norm));
    for cf in [AZIENDA, PERSONA] {
        let body = json!({"filtro": {"cf_azienda": cf}});
        refused(
            &caller.post(&search, &body).await,
            403,
            "FILTER_DENIED",
            &[],
        );
    }
    let sintesi = RestCaller::of(&service, "mef-sintesi").await;
    refused(&sintesi.get(&list(norm)).await, 403, "CALL_DENIED", &[]);
    // Rows are masked as by the call.
    let rows = caller.get(&list(norm)).await.text;
    assert!(rows.contains("****************") && !rows.contains(PERSONA));
    service.stop().await;
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once_under_the_callers_names() {
    let service = scene().await;
    let caller = RestCaller::of(&service, "mlps-ammortizzatori").await;
    let norm = NORMATIVE[0];
    // A code that is a person's never stands in a URL.
    let path = format!("/v1/normative/{norm}/decreti?cf_azienda={AZIENDA}&x=1&page_size=y");
    let answer = caller.get(&path).await;
    refused(
        &answer,
        400,
        "INVALID_REQUEST",
        &["cf_azienda", "x", "page_size"],
    );
    let path = "/v1/report-sintetico?normativa=a%20b&dal=2023-02-30&criterio=CRITERIO_PERIODO_INIZIO_VALIDITA";
    let answer = caller.get(path).await;
    refused(&answer, 400, "INVALID_REQUEST", &["normativa[0]", "dal"]);
    let answer = caller
        .get("/v1/report-sintetico?rilevazione=1&rilevazione=1")
        .await;
    refused(&answer, 400, "INVALID_REQUEST", &["rilevazione"]);
    let answer = caller.get("/v1/andamento?imputazione=COMPETENZA").await;
    refused(&answer, 400, "INVALID_REQUEST", &["imputazione"]);
    // What is wrong with a message is wrong with all of its parameters.
    let ages = "imputazione=IMPUTAZIONE_COMPETENZA&dal_mese=0001-01&al_mese=9999-12";
    let answer = caller.get(&format!("/v1/andamento?{ages}")).await;
    refused(&answer, 400, "INVALID_REQUEST", &["dal_mese", "al_mese"]);
    // Each is told its own, whatever the names.
    let answer = caller.get("/v1/normative?a%0Ab=1&x:%20=2&c=3").await;
    refused(&answer, 400, "INVALID_REQUEST", &["a\nb", "x: ", "c"]);
    for error in answer.json()["errors"].as_array().unwrap() {
        assert_eq!(error["detail"], "non è un parametro di questa risorsa.");
    }
    let search = format!("/v1/normative/{norm}/decreti/ricerca");
    let answer = caller
        .post(&search, &json!({"filtro": {"numero_decreto": "=1"}}))
        .await;
    refused(&answer, 400, "INVALID_REQUEST", &["filtro.numero_decreto"]);
    for body in [
        json!({"filtr": {}}),
        json!([]),
        json!({"filtro": {"numero_decreto": 1}}),
        Value::Null,
    ] {
        let answer = caller.post(&search, &body).await;
        refused(&answer, 400, "MESSAGE_MALFORMED", &[]);
    }
    // What the path or Range says is not said again, not even by what says nothing.
    for normativa in [NORMATIVE[1], ""] {
        let answer = caller.post(&search, &json!({"normativa": normativa})).await;
        refused(&answer, 400, "INVALID_REQUEST", &["normativa"]);
    }
    for offset in ["20", "0"] {
        let body = json!({"formato": "FORMATO_FILE_CSV", "rilevazione": 1, "offset": offset});
        let answer = caller.post(&format!("{search}/file"), &body).await;
        refused(&answer, 400, "INVALID_REQUEST", &["offset"]);
    }
    let answer = caller
        .post(&format!("{search}?numero_decreto=1"), &json!({}))
        .await;
    refused(&answer, 400, "INVALID_REQUEST", &["numero_decreto"]);
    let long = json!({"filtro": {"numero_decreto": "1".repeat(100_000)}});
    refused(
        &caller.post(&search, &long).await,
        413,
        "MESSAGE_TOO_LARGE",
        &[],
    );
    service.stop().await;
}

#[tokio::test]
async fn a_resource_has_its_methods_and_its_media_types() {
    let service = scene().await;
    let caller = RestCaller::of(&service, "mlps-ammortizzatori").await;
    for nowhere in [
        "/v1/",
        "/v1/nothing",
        "/v1/normative/",
        "/v1/report-sintetico/",
        "/v2/report-sintetico",
        "/inps.omnia.monitoraggio.v1.ReportService/GetReportSintetico",
    ] {
        refused(&caller.get(nowhere).await, 404, "CALL_UNKNOWN", &[]);
    }
    let answer = caller.post("/v1/report-sintetico", &json!({})).await;
    refused(&answer, 405, "CALL_UNKNOWN", &[]);
    assert_eq!(answer.header("allow"), "GET, HEAD");
    let search = format!("/v1/normative/{}/decreti/ricerca", NORMATIVE[0]);
    let answer = caller.get(&search).await;
    refused(&answer, 405, "CALL_UNKNOWN", &[]);
    assert_eq!(answer.header("allow"), "POST");
    // A fixed part is no field, by whatever method.
    let answer = caller.get("/v1/abilitazioni/ricerca").await;
    refused(&answer, 405, "CALL_UNKNOWN", &[]);
    assert_eq!(answer.header("allow"), "POST");
    for (accept, status) in [
        ("application/json", 200),
        ("text/html, application/*;q=0.5", 200),
        ("*/*", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("application/xml, text/*", 406),
    ] {
        let request = caller
            .request("GET", "/v1/report-sintetico")
            .header("accept", accept);
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(answer.status, status, "{accept}");
    }
    for (content_type, status) in [
        ("application/json", 200),
        ("application/json; charset=UTF-8", 200),
        ("application/json; charset=latin1", 415),
        ("text/plain", 415),
        ("application/grpc", 415),
    ] {
        let request = caller
            .request("POST", &search)
            .header("content-type", content_type);
        let answer = Answer::of(request.body("{}").send().await.unwrap()).await;
        assert_eq!(answer.status, status, "{content_type}");
    }
    let answer = Answer::of(
        caller
            .request("POST", &search)
            .body("{}")
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(answer.status, 415);
    service.stop().await;
}

#[tokio::test]
async fn states_of_the_service_have_their_status() {
    let service = TestServer::start_with(|s| s.quota.al_giorno = std::num::NonZero::new(3)).await;
    let caller = RestCaller::of(&service, "mef-sintesi").await;
    refused(
        &caller.get("/v1/report-sintetico").await,
        409,
        "NO_RILEVAZIONE",
        &[],
    );
    service.load(&calls::extract(), "2026-10-31").await;
    caller.get("/v1/report-sintetico").await.ok();
    let answer = caller.get("/v1/report-sintetico?rilevazione=9").await;
    refused(&answer, 404, "RILEVAZIONE_NOT_FOUND", &[]);
    let answer = caller.get("/v1/report-sintetico").await;
    refused(&answer, 429, "QUOTA_EXCEEDED", &[]);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    service.stop().await;
}

/// The record is that of the call, and the trace that it is under is told with a refusal.
#[tokio::test]
async fn the_record_is_that_of_the_call() {
    let service = scene().await;
    let caller = RestCaller::of(&service, "mlps-ammortizzatori").await;
    let mut client = service.clients_as("cliente-mlps-ammortizzatori");
    let norm = NORMATIVE[0];
    let request = omnia::contract::proto::ListDecreesRequest {
        normativa: norm.into(),
        filtro: Some(omnia::contract::proto::FiltroDecreti {
            cf_azienda: PERSONA.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    client.decreti.list_decrees(request).await.unwrap();
    let path = format!("/v1/normative/{norm}/decreti/ricerca");
    caller
        .post(&path, &json!({"filtro": {"cf_azienda": PERSONA}}))
        .await
        .ok();
    let refused = caller.get("/v1/report-sintetico?rilevazione=9").await;
    let records = call_records(&service.db.owner).await;
    let [by_grpc, by_http, last] = &records[..] else {
        panic!("{records:?}");
    };
    for member in [
        "rpc",
        "soggetto",
        "profilo",
        "selezione",
        "rilevazione",
        "righe",
        "esito",
        "indirizzo",
    ] {
        assert_eq!(by_http[member], by_grpc[member], "{member}");
    }
    assert_eq!(
        (&by_http["via"], &by_grpc["via"]),
        (&json!("REST"), &Value::Null)
    );
    assert!(!by_http.to_string().contains(PERSONA));
    assert_eq!(last["motivo"], "ERROR_REASON_RILEVAZIONE_NOT_FOUND");
    assert_eq!(refused.json()["trace_id"], last["traccia"], "{last}");
    service.stop().await;
}
