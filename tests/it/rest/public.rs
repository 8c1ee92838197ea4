//! What needs no token: the documents, whether the service answers, and a page for a lost browser.

use std::io::Read as _;

use flate2::read::GzDecoder;
use omnia::{
    contract::proto::FILE_DESCRIPTOR_SET,
    rest::openapi::{Mode, OpenApi, PLACEHOLDER},
};
use serde_json::Value;

use super::{Answer, RestCaller};
use crate::{audit::call_records, eventually::eventually, server::TestServer};

/// Without a token, and in no record.
#[tokio::test]
async fn documents_status_and_page_need_no_token() {
    let service = TestServer::start_with(|settings| {
        settings.access.public_urls = vec!["https://omnia.inps.it/is/".to_owned()];
    })
    .await;
    let nobody = RestCaller::with(&service, None);
    for (path, content_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/openapi.yaml", "application/yaml"),
        ("/openapi.json", "application/json"),
        ("/openapi-scritture.yaml", "application/yaml"),
        ("/openapi-scritture.json", "application/json"),
    ] {
        let answer = nobody.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), content_type);
        let head = Answer::of(nobody.request("HEAD", path).send().await.unwrap()).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        let length = answer.text.len().to_string();
        assert_eq!(head.header("content-length"), length, "{path}");
        let zipped = nobody
            .request("GET", path)
            .header("accept-encoding", "gzip");
        let zipped = zipped.send().await.unwrap();
        assert_eq!(zipped.headers()["content-encoding"], "gzip", "{path}");
        let mut unzipped = String::new();
        let bytes = zipped.bytes().await.unwrap();
        GzDecoder::new(&bytes[..])
            .read_to_string(&mut unzipped)
            .unwrap();
        assert_eq!(unzipped, answer.text, "{path}");
        let posted = nobody.post(path, &Value::Null).await;
        assert_eq!(posted.problem(), (405, "CALL_UNKNOWN".to_owned(), vec![]));
        assert_eq!(posted.header("allow"), "GET, HEAD");
    }
    let reads = OpenApi::of_contract(FILE_DESCRIPTOR_SET, Mode::Reads, PLACEHOLDER).unwrap();
    let told: Value = serde_json::from_str(&reads.json().unwrap()).unwrap();
    let served = nobody.get("/openapi.json").await.json();
    assert_eq!(served["servers"][0]["url"], "https://omnia.inps.it/is");
    assert_eq!(served["paths"], told["paths"]);
    eventually("it serves", async || {
        nobody.get("/status").await.status == 200
    })
    .await;
    assert_eq!(call_records(&service.db.owner).await, [Value::Null; 0]);
    service.stop().await;
}

#[tokio::test]
async fn status_is_that_of_health() {
    let service = TestServer::start().await;
    // The owner has a connection then, by which it can still detach the others once no more are let in.
    call_records(&service.db.owner).await;
    let nobody = RestCaller::with(&service, None);
    eventually("it serves", async || {
        nobody.get("/status").await.status == 200
    })
    .await;
    let problem = |answer: &Answer| {
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.header("cache-control"), "no-store");
        let problem = answer.json();
        assert_eq!(problem["status"], answer.status);
        (problem["title"].clone(), problem["detail"].clone())
    };
    let answer = nobody.get("/status").await;
    assert_eq!(
        problem(&answer),
        ("OK".into(), "Il servizio risponde.".into())
    );
    service.db.allow_connections(false).await;
    service.db.detach().await;
    eventually("it does not", async || {
        nobody.get("/status").await.status == 503
    })
    .await;
    let answer = nobody.get("/status").await;
    assert_eq!(problem(&answer).0, "Service Unavailable");
    assert_eq!(answer.header("retry-after"), "5");
    service.db.allow_connections(true).await;
    service.stop().await;
}
