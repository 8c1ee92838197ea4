//! Which resources there are, and what is asked of several of them: pages, and the life of a grant.

use expect_test::expect_file;
use omnia::{contract::proto::FILE_DESCRIPTOR_SET, rest::RestTable};
use serde_json::{Value, json};

use super::RestCaller;
use crate::{calls, model::NORMATIVE, server::TestServer};

/// To accept a change: `UPDATE_EXPECT=1 cargo test --test it rest::answers`, and have it reviewed.
#[test]
fn every_call_has_a_resource() {
    let table = RestTable::of_contract(FILE_DESCRIPTOR_SET).unwrap();
    let mut lines: Vec<String> = table
        .resources()
        .map(|resource| format!("{} {}\n", resource.rpc, resource.spelling()))
        .collect();
    lines.sort();
    let calls: Vec<&str> = lines
        .iter()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    for rpc in calls::every_rpc() {
        assert!(
            calls.contains(&rpc) || rpc.starts_with("FlightService/"),
            "{rpc}"
        );
    }
    expect_file!["../../rest_resources.txt"].assert_eq(&lines.concat());
}

async fn scene() -> (TestServer, RestCaller) {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let rest = RestCaller::of(&service, "mlps-ammortizzatori").await;
    (service, rest)
}

/// A page after the other, each by its token.
#[tokio::test]
async fn pages_follow_each_other() {
    let (service, rest) = scene().await;
    let base = format!("/v1/normative/{}/decreti", NORMATIVE[0]);
    let (mut rows, mut token) = (Vec::new(), String::new());
    loop {
        let page = rest
            .get(&format!("{base}?page_size=4&page_token={token}"))
            .await
            .ok();
        rows.extend(page["decreti"].as_array().unwrap().clone());
        token = page["next_page_token"].as_str().unwrap().to_owned();
        if token.is_empty() {
            break;
        }
    }
    let all = rest.get(&base).await.ok();
    assert_eq!(&Value::from(rows), &all["decreti"]);
    // Amounts are decimal texts, whole numbers of 64 bits texts too, and what is zero is there.
    assert_eq!(all["decreti"][0]["importi_autorizzati"], "100.00");
    let totals = rest
        .get(&format!("{base}/totali?numero_decreto=none-of-that"))
        .await
        .ok();
    assert_eq!(totals["totali"]["righe"], "0");
    assert_eq!(totals["totali"]["importi_erogati"], "0.00");
    service.stop().await;
}

/// A grant from its request to its end: writes are as the calls are.
#[tokio::test]
async fn who_grants_does_so_by_http_too() {
    let service = TestServer::start().await;
    let staff = RestCaller::of(&service, "inps-gestione").await;
    let request = json!({
        "protocollo_pec": "INPS.0000.01/01/2026.0000001",
        "impronta_modulo": "a".repeat(64),
        "soggetto": "nuovo",
        "ente": "MEF",
        "profilo": "mef-rgs",
        "ambito": {"tutte_le_normative": true, "tutte_le_prestazioni": true},
        "valida_dal": "2026-11-23",
        "valida_al": "2026-12-31",
        "motivo": "prova",
    });
    let recorded = staff.post("/v1/abilitazioni", &request).await.ok();
    let id = recorded["abilitazione"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        recorded["abilitazione"]["stato"],
        "STATO_ABILITAZIONE_RICHIESTA"
    );
    let grant = staff.get(&format!("/v1/abilitazioni/{id}")).await.ok();
    assert_eq!(grant["abilitazione"], recorded["abilitazione"]);
    let verified = staff
        .post(
            &format!("/v1/abilitazioni/{id}/verifica"),
            &json!({"motivo": "ok"}),
        )
        .await;
    assert_eq!(
        verified.ok()["abilitazione"]["stato"],
        "STATO_ABILITAZIONE_VERIFICATA"
    );
    // Who recorded it approves nothing.
    let approval = staff
        .post(
            &format!("/v1/abilitazioni/{id}/approvazione"),
            &json!({"motivo": "ok"}),
        )
        .await;
    assert_eq!(approval.problem(), (403, "FOUR_EYES".to_owned(), vec![]));
    // A part of the path before a field of the same place.
    let expiring = staff
        .get("/v1/abilitazioni/in-scadenza?giorni=30")
        .await
        .ok();
    assert!(expiring["abilitazioni"].is_array(), "{expiring}");
    service.stop().await;
}
