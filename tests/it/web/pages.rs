//! What browsers are told (Fetch, 3.3), and whose gRPC-Web is answered.

use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Empty};
use omnia::contract::proto::{
    ErrorReason as R, GetReportSinteticoRequest, GetReportSinteticoResponse, path_of,
};
use reqwest::Client;
use serde_json::Value;
use tonic::{Code, Status, body::Body};
use tower::ServiceExt as _;

use super::{BINARY, PAGE, WebCall, scene};
use crate::{audit::call_records, calls, errors::assert_error, server::TestServer};

const RESOURCE: &str = "/v1/report-sintetico";
const RPC: &str = "ReportService/GetReportSintetico";
const BE: &str = "cliente-mef-sintesi";
const ELSEWHERE: [&str; 5] = [
    "https://elsewhere.example",
    "http://cruscotto.example",
    "https://cruscotto.example:8443",
    "https://cruscotto.example.evil.example",
    "null",
];

fn list(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).iter();
    let texts = values.flat_map(|value| value.to_str().unwrap().split(','));
    texts.map(|text| text.trim().to_ascii_lowercase()).collect()
}

/// The headers by which a browser is told anything.
fn told(headers: &HeaderMap) -> Vec<String> {
    let names = headers.keys().map(|name| name.as_str().to_owned());
    names
        .filter(|name| name.starts_with("access-control-"))
        .collect()
}

async fn preflight(service: &TestServer, path: &str, origin: &str) -> reqwest::Response {
    Client::new()
        .request(Method::OPTIONS, format!("http://{}{path}", service.address))
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type,x-grpc-web",
        )
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_browser_asks_first_without_a_token_and_without_a_record() {
    let service = scene().await;
    let rpc = format!("/{}", path_of(RPC));
    for path in [RESOURCE, &rpc, "/", "/openapi.json", "/nothing"] {
        let answer = preflight(&service, path, PAGE).await;
        assert_eq!(answer.status(), 204, "{path}");
        let headers = answer.headers();
        assert_eq!(headers["access-control-allow-origin"], PAGE);
        assert!(!headers.contains_key("access-control-allow-credentials"));
        assert_eq!(headers["access-control-max-age"], "7200");
        assert_eq!(list(headers, "vary"), ["origin"]);
        let methods = list(headers, "access-control-allow-methods");
        assert_eq!(methods, ["get", "head", "post"]);
        let allowed = list(headers, "access-control-allow-headers");
        for name in [
            "authorization",
            "content-type",
            "dpop",
            "x-grpc-web",
            "x-user-agent",
            "grpc-timeout",
            "traceparent",
            "agid-jwt-trackingevidence",
            "if-none-match",
            "if-range",
            "range",
            "idempotency-key",
        ] {
            assert!(allowed.contains(&name.to_owned()), "{name}");
        }
        for origin in ELSEWHERE {
            let answer = preflight(&service, path, origin).await;
            assert_eq!(answer.status(), 403, "{path} {origin}");
            assert_eq!(told(answer.headers()), [""; 0]);
            assert_eq!(list(answer.headers(), "vary"), ["origin"]);
        }
    }
    // By HTTP/2 too.
    let request = Request::options(&rpc)
        .header("origin", PAGE)
        .header("access-control-request-method", "POST")
        .body(Body::new(Empty::new().map_err(|never| match never {})));
    let answer = service.channel().oneshot(request.unwrap()).await.unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.headers()["access-control-allow-origin"], PAGE);
    assert_eq!(call_records(&service.db.owner).await, [Value::Null; 0]);
    service.stop().await;
}

#[tokio::test]
async fn a_page_of_a_listed_origin_may_read_the_answer_and_no_other() {
    let service = scene().await;
    service.clients_of("mef-sintesi").await;
    let get = async |path: &str, origin: Option<&str>, token: bool| {
        let mut request = Client::new().get(format!("http://{}{path}", service.address));
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        if token {
            request = request.bearer_auth(service.token(BE));
        }
        request.send().await.unwrap()
    };
    for (path, token, status) in [
        (RESOURCE, true, 200),
        (RESOURCE, false, 401),
        ("/v1/nothing", true, 404),
        ("/openapi.json", false, 200),
    ] {
        for origin in [PAGE, "http://localhost:5173"] {
            let answer = get(path, Some(origin), token).await;
            assert_eq!(answer.status(), status);
            let headers = answer.headers();
            assert_eq!(headers["access-control-allow-origin"], origin);
            assert!(list(headers, "vary").contains(&"origin".to_owned()));
            let read = list(headers, "access-control-expose-headers");
            for name in [
                "grpc-status",
                "grpc-message",
                "grpc-status-details-bin",
                "etag",
                "retry-after",
                "repr-digest",
                "content-disposition",
                "content-range",
                "www-authenticate",
                "x-ratelimit-limit",
                "x-ratelimit-remaining",
                "x-ratelimit-reset",
                "deprecation",
                "sunset",
            ] {
                assert!(read.contains(&name.to_owned()), "{name}");
            }
            assert_eq!(told(headers).len(), 2, "{headers:?}");
        }
        // The answer is the same: it is the browser that keeps it from the page.
        for origin in ELSEWHERE.map(Some).into_iter().chain([None]) {
            let answer = get(path, origin, token).await;
            assert_eq!(answer.status(), status, "{path} {origin:?}");
            assert_eq!(told(answer.headers()), [""; 0]);
            assert!(list(answer.headers(), "vary").contains(&"origin".to_owned()));
        }
    }
    // What kept answers depend on besides is still said.
    let answer = get(RESOURCE, Some(PAGE), true).await;
    assert_eq!(
        list(answer.headers(), "vary"),
        ["accept-encoding", "origin"]
    );
    service.stop().await;
}

#[tokio::test]
async fn a_page_of_elsewhere_has_no_grpc_web() {
    let service = scene().await;
    service.clients_of("mef-sintesi").await;
    let asked = GetReportSinteticoRequest::default();
    let answer = WebCall::new(&service, RPC, BE).message(&asked).send().await;
    assert_eq!(answer.ok::<GetReportSinteticoResponse>().len(), 1);
    assert_eq!(answer.headers["access-control-allow-origin"], PAGE);
    let answer = WebCall::new(&service, RPC, "nobody").message(&asked);
    let answer = answer.send().await;
    assert_error(&answer.status(), Code::PermissionDenied, R::GrantMissing);
    assert_eq!(answer.headers["access-control-allow-origin"], PAGE);
    for origin in ELSEWHERE {
        refused_on_both(&service, Some(origin)).await;
    }
    // Forms of it that there are not are refused as before.
    let other = Client::new()
        .post(format!("http://{}/{}", service.address, path_of(RPC)))
        .bearer_auth(service.token(BE))
        .header("origin", PAGE)
        .header("content-type", "application/grpc-web+json");
    let answer = other.body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 404);
    service.stop().await;
}

#[tokio::test]
async fn without_origins_nothing_is_told_and_there_is_no_grpc_web() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    service.clients_of("mef-sintesi").await;
    for origin in [None, Some(PAGE), Some("null")] {
        refused_on_both(&service, origin).await;
        let get = Client::new().get(format!("http://{}{RESOURCE}", service.address));
        let get = match origin {
            Some(origin) => get.header("origin", origin),
            None => get,
        };
        let answer = get.bearer_auth(service.token(BE)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(told(answer.headers()), [""; 0]);
        assert_eq!(list(answer.headers(), "vary"), ["accept-encoding"]);
    }
    let answer = preflight(&service, RESOURCE, PAGE).await;
    assert_eq!(answer.status(), 405);
    assert_eq!(told(answer.headers()), [""; 0]);
    service.stop().await;
}

/// A call by gRPC-Web that is none here: no such resource in HTTP/1.1, another content type than gRPC's in HTTP/2.
async fn refused_on_both(service: &TestServer, origin: Option<&str>) {
    let url = format!("http://{}/{}", service.address, path_of(RPC));
    let by_http_1 = Client::new().post(url).header("content-type", BINARY);
    let by_http_2 = Request::post(format!("/{}", path_of(RPC))).header("content-type", BINARY);
    let (by_http_1, by_http_2) = match origin {
        Some(origin) => (
            by_http_1.header("origin", origin),
            by_http_2.header("origin", origin),
        ),
        None => (by_http_1, by_http_2),
    };
    let token = service.token(BE);
    let by_http_1 = by_http_1.bearer_auth(&token).body(vec![0; 5]);
    let answer = by_http_1.send().await.unwrap();
    assert_eq!(answer.status(), 404, "{origin:?}");
    assert_eq!(told(answer.headers()), [""; 0]);
    assert!(answer.text().await.unwrap().contains("CALL_UNKNOWN"));
    let by_http_2 = by_http_2
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty());
    let answer = service.channel().oneshot(by_http_2.unwrap()).await.unwrap();
    assert_eq!(answer.status(), 415, "{origin:?}");
    assert_eq!(told(answer.headers()), [""; 0]);
    let status = Status::from_header_map(answer.headers()).unwrap();
    assert_error(&status, Code::InvalidArgument, R::NotGrpc);
}
