//! A request that is no call is refused where calls are: who asks is told first, it counts for the quotas, and a record is left.

use std::num::NonZero;

use serde_json::{Value, json};

use super::{Answer, RestCaller};
use crate::{audit::call_records, calls, model::NORMATIVE, server::TestServer};

/// A request that is none of a call: what it sends, the RPC of its record, status and reason.
struct NoCall {
    method: &'static str,
    path: String,
    header: (&'static str, &'static str),
    body: &'static str,
    rpc: &'static str,
    refused: (u16, &'static str),
}

fn no_calls() -> Vec<NoCall> {
    let (report, list) = (
        "ReportService/GetReportSintetico",
        "DecreeService/ListDecrees",
    );
    let json = ("content-type", "application/json");
    let search = format!("/v1/normative/{}/decreti/ricerca", NORMATIVE[0]);
    let get = |path: &str, header, rpc, refused| NoCall {
        method: "GET",
        path: path.to_owned(),
        header,
        body: "",
        rpc,
        refused,
    };
    let post = |header, body, refused| NoCall {
        method: "POST",
        path: search.clone(),
        header,
        body,
        rpc: list,
        refused,
    };
    vec![
        get(
            "/v1/report-sintetico?x=1",
            json,
            report,
            (400, "INVALID_REQUEST"),
        ),
        get(
            "/v1/report-sintetico",
            ("accept", "text/html"),
            report,
            (406, "INVALID_REQUEST"),
        ),
        post(json, "{", (400, "MESSAGE_MALFORMED")),
        post(json, r#"{"filtr":{}}"#, (400, "MESSAGE_MALFORMED")),
        post(
            ("content-type", "text/plain"),
            "{}",
            (415, "MESSAGE_MALFORMED"),
        ),
        // Not taken for the bytes that it says it is not.
        post(
            ("content-encoding", "gzip"),
            "{}",
            (415, "MESSAGE_MALFORMED"),
        ),
    ]
}

async fn ask(caller: &RestCaller, one: &NoCall) -> Answer {
    let mut request = caller.request(one.method, &one.path);
    if one.header.0 == "content-encoding" {
        request = request.header("content-type", "application/json");
    }
    let request = request.header(one.header.0, one.header.1).body(one.body);
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn what_is_no_call_is_refused_after_who_may_not_call_and_is_recorded() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let nobody = RestCaller::with(&service, None);
    let caller = RestCaller::of(&service, "mlps-ammortizzatori").await;
    let all = no_calls();
    for one in &all {
        let answer = ask(&nobody, one).await;
        assert_eq!(answer.problem().1, "TOKEN_MISSING", "{}", one.path);
        let answer = ask(&caller, one).await;
        let (status, reason, _) = answer.problem();
        assert_eq!(
            (status, reason.as_str()),
            one.refused,
            "{} {}",
            one.path,
            one.body
        );
    }
    let records = call_records(&service.db.owner).await;
    assert_eq!(records.len(), 2 * all.len(), "{records:?}");
    for (one, pair) in all.iter().zip(records.chunks(2)) {
        let [of_nobody, of_caller] = pair else {
            panic!("{pair:?}");
        };
        for record in pair {
            assert_eq!(
                (&record["rpc"], &record["via"]),
                (&json!(one.rpc), &json!("REST"))
            );
        }
        assert_eq!(of_nobody["motivo"], "ERROR_REASON_TOKEN_MISSING");
        assert_eq!(of_nobody["soggetto"], Value::Null);
        assert_eq!(
            of_caller["motivo"],
            format!("ERROR_REASON_{}", one.refused.1)
        );
        assert_eq!(of_caller["soggetto"], "cliente-mlps-ammortizzatori");
    }
    service.stop().await;
}

/// Paths that lead nowhere are recorded as those of gRPC are; the path of an RPC is none of a resource, and does nothing.
#[tokio::test]
async fn what_leads_nowhere_is_recorded_too() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let caller = RestCaller::of(&service, "mlps-ammortizzatori").await;
    let rpc = "/inps.omnia.monitoraggio.v1.ReportService/GetReportSintetico";
    for (method, path, status) in [
        ("GET", "/v1/nothing", 404),
        ("DELETE", "/v1/report-sintetico", 405),
        ("GET", rpc, 404),
        ("POST", rpc, 404),
    ] {
        let answer = Answer::of(caller.request(method, path).send().await.unwrap()).await;
        assert_eq!(
            answer.problem(),
            (status, "CALL_UNKNOWN".to_owned(), vec![]),
            "{path}"
        );
        let trace = answer.json()["trace_id"].clone();
        let last = call_records(&service.db.owner).await.pop().unwrap();
        assert_eq!(last["traccia"], trace, "{last}");
        assert_eq!(last["motivo"], "ERROR_REASON_CALL_UNKNOWN");
    }
    let recorded = call_records(&service.db.owner).await.len();
    // What is public over gRPC is nothing in HTTP, and in no record.
    for path in [
        "/grpc.health.v1.Health/Check",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ] {
        assert_eq!(caller.get(path).await.problem().0, 404, "{path}");
        assert_eq!(
            caller.post(path, &Value::Null).await.problem().0,
            404,
            "{path}"
        );
    }
    assert_eq!(call_records(&service.db.owner).await.len(), recorded);
    service.stop().await;
}

/// The quota of a day, else of a second; none where there is none, or nobody who has it.
#[tokio::test]
async fn what_is_left_of_a_quota_is_told() {
    let told = |answer: &Answer| {
        let number = |name: &str| answer.header(name).parse::<u64>().ok();
        (
            number("x-ratelimit-limit"),
            number("x-ratelimit-remaining"),
            number("x-ratelimit-reset"),
        )
    };
    let service = TestServer::start_with(|s| s.quota.al_giorno = NonZero::new(3)).await;
    service.load(&calls::extract(), "2026-10-31").await;
    // A minute before midnight in Rome.
    service.set_clock("2026-11-23T22:59:00Z");
    let caller = RestCaller::of(&service, "mef-sintesi").await;
    let nobody = RestCaller::with(&service, None);
    for (path, status, left) in [
        ("/v1/report-sintetico", 200, 2),
        ("/v1/report-sintetico?x=1", 400, 1),
        ("/v1/report-sintetico?rilevazione=9", 404, 0),
        ("/v1/report-sintetico", 429, 0),
    ] {
        let answer = caller.get(path).await;
        assert_eq!(answer.status, status);
        assert_eq!(told(&answer), (Some(3), Some(left), Some(60)), "{path}");
    }
    assert_eq!(
        told(&nobody.get("/v1/report-sintetico").await),
        (None, None, None)
    );
    service.stop().await;

    let service = TestServer::start_with(|s| s.quota.al_secondo = NonZero::new(50)).await;
    service.load(&calls::extract(), "2026-10-31").await;
    let caller = RestCaller::of(&service, "mef-sintesi").await;
    let answer = caller.get("/v1/report-sintetico").await;
    assert_eq!(told(&answer), (Some(50), Some(49), Some(1)));
    service.stop().await;

    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let caller = RestCaller::of(&service, "mef-sintesi").await;
    assert_eq!(
        told(&caller.get("/v1/report-sintetico").await),
        (None, None, None)
    );
    service.stop().await;
}
