//! On which connections resources are there, and what a proof of possession is for.

use std::time::Duration;

use http::Request;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tonic::body::Body;
use tower::ServiceExt as _;

use super::RestCaller;
use crate::{calls, model::NORMATIVE, server::TestServer};

const REPORT: &str = "/v1/report-sintetico";

#[tokio::test]
async fn the_answer_is_the_same_by_http_1_and_by_http_2() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let rest = RestCaller::of(&service, "mef-sintesi").await;
    let by_http_1 = rest.get(REPORT).await.ok();
    let request = Request::builder()
        .uri(REPORT)
        .header(
            "authorization",
            format!("Bearer {}", rest.token.as_ref().unwrap()),
        )
        .body(Body::empty())
        .unwrap();
    let response = service.channel().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let by_http_2: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(by_http_2, by_http_1);
    // HEAD is GET without a body, by both.
    let head = rest.request("HEAD", REPORT).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(head.bytes().await.unwrap().len(), 0);
    let request = Request::builder()
        .method("HEAD")
        .uri(REPORT)
        .header(
            "authorization",
            format!("Bearer {}", rest.token.as_ref().unwrap()),
        )
        .body(Body::empty())
        .unwrap();
    let head = service.channel().oneshot(request).await.unwrap();
    assert_eq!(head.status(), 200);
    let body = head.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes().len(), 0);
    service.stop().await;
}

/// What a raw connection answers until it is closed, or nothing more comes.
async fn exchange(service: &TestServer, sent: &str) -> String {
    let mut tcp = TcpStream::connect(service.address).await.unwrap();
    tcp.write_all(sent.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    let _ = timeout(Duration::from_millis(1500), tcp.read_to_end(&mut got)).await;
    String::from_utf8_lossy(&got).into_owned()
}

fn statuses(text: &str) -> Vec<&str> {
    text.match_indices("HTTP/1.1 ")
        .map(|(at, _)| &text[at + 9..at + 12])
        .collect()
}

#[tokio::test]
async fn forms_that_smuggle_a_request_are_refused() {
    let service = TestServer::start().await;
    let head = format!("GET {REPORT} HTTP/1.1\r\nhost: a\r\n");
    // Two in a row are two answers.
    let two = format!("{head}\r\n{head}connection: close\r\n\r\n");
    assert_eq!(statuses(&exchange(&service, &two).await), ["401", "401"]);
    let post =
        "POST /v1/accesso/spiegazione HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
    for bad in [
        format!("{post}content-length: 4\r\ncontent-length: 5\r\n\r\n{{}}  "),
        format!("{post}content-length: +2\r\n\r\n{{}}"),
        format!("{post}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        format!("{post}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n"),
        format!("{post}transfer-encoding: chunked\r\n\r\nx\r\n{{}}\r\n0\r\n\r\n"),
        format!("{head}x : y\r\n\r\n"),
        format!("{head}x: a\r\n b\r\n\r\n"),
        format!("GET {REPORT}\r\n\r\n"),
        "GET http://[ HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(),
    ] {
        let answer = exchange(&service, &format!("{bad}{head}connection: close\r\n\r\n")).await;
        // Refused, or closed without a word; what follows is never taken for a request.
        assert!(statuses(&answer).len() <= 1, "{bad:?}: {answer}");
        assert!(
            // Chunks that are none are found when the body is read: of nobody it is not looked at.
            statuses(&answer)
                .iter()
                .all(|status| ["400", "401"].contains(status)),
            "{bad:?}: {answer}"
        );
    }
    // Both lengths: the chunks count, and nothing that follows on the connection.
    let both =
        format!("{post}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{head}\r\n");
    let answer = exchange(&service, &both).await;
    assert!(statuses(&answer).len() <= 1, "{answer}");
    service.stop().await;
}

/// hyper would read them, each in one of the two ways.
#[tokio::test]
async fn what_can_be_read_in_two_ways_is_refused() {
    let service = TestServer::start().await;
    let next = format!("GET {REPORT} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let get = "GET /status HTTP/1.1\r\n";
    let post =
        "POST /v1/accesso/spiegazione HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
    let chunks = "2\r\n{}\r\n0\r\n\r\n";
    for (bad, status) in [
        (format!("{get}\r\n"), "400"),
        (format!("{get}host: a\r\nhost: a\r\n\r\n"), "400"),
        (format!("{get}host: a/b\r\n\r\n"), "400"),
        (format!("{get}host:\r\n\r\n"), "400"),
        (
            "GET http://u:p@a/status HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(),
            "400",
        ),
        (
            format!("{post}transfer-encoding: identity, chunked\r\n\r\n{chunks}"),
            "501",
        ),
        (
            format!(
                "{post}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n{chunks}"
            ),
            "501",
        ),
        (
            format!("{post}transfer-encoding: x\r\ntransfer-encoding: chunked\r\n\r\n{chunks}"),
            "501",
        ),
    ] {
        let answer = exchange(&service, &format!("{bad}{next}")).await;
        assert_eq!(statuses(&answer), [status], "{bad:?}: {answer}");
    }
    service.stop().await;
}

/// An answer that ends where its connection does cannot be seen to break off.
#[tokio::test]
async fn http_1_0_gets_no_streams() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let rest = RestCaller::of(&service, "mlps-ammortizzatori").await;
    let rows = format!("/v1/normative/{}/decreti", NORMATIVE[0]);
    for (path, expected) in [
        ("/status".to_owned(), "HTTP/1.0 200"),
        (REPORT.to_owned(), "HTTP/1.0 200"),
        (rows.clone(), "HTTP/1.0 200"),
        (format!("{rows}/righe"), "HTTP/1.0 505"),
        (
            format!("{rows}/file?formato=FORMATO_FILE_CSV"),
            "HTTP/1.0 505",
        ),
    ] {
        let token = rest.token.as_ref().unwrap();
        let request = format!("GET {path} HTTP/1.0\r\nauthorization: Bearer {token}\r\n\r\n");
        let answer = exchange(&service, &request).await;
        assert!(answer.starts_with(expected), "{path}: {answer}");
        // Its end is its length.
        assert!(answer.contains("\r\ncontent-length: "), "{path}: {answer}");
    }
    service.stop().await;
}

#[tokio::test]
async fn heads_are_bounded() {
    let service = TestServer::start_with(|s| s.server.preface_seconds = 1).await;
    let many: String = (0..200).map(|n| format!("x-{n}: y\r\n")).collect();
    let long = format!("x: {}\r\n", "y".repeat(100_000));
    for bad in [many, long] {
        let answer = exchange(
            &service,
            &format!("GET {REPORT} HTTP/1.1\r\nhost: a\r\n{bad}\r\n"),
        )
        .await;
        assert!(
            matches!(&statuses(&answer)[..], [] | ["431" | "400"]),
            "{answer}"
        );
    }
    // Who begins a head and does not end it is closed.
    let mut slow = TcpStream::connect(service.address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nx: ")
        .await
        .unwrap();
    let mut rest = Vec::new();
    timeout(Duration::from_secs(30), slow.read_to_end(&mut rest))
        .await
        .unwrap()
        .ok();
    assert!(rest.is_empty());
    // A body that does not come is not waited for.
    service.clients_of("inps-controllo").await;
    let token = service.token("cliente-inps-controllo");
    let head = format!(
        "POST /v1/accesso/spiegazione HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\n"
    );
    let mut slow = TcpStream::connect(service.address).await.unwrap();
    slow.write_all(format!("{head}content-length: 9\r\n\r\n{{").as_bytes())
        .await
        .unwrap();
    let mut answer = [0; 12];
    timeout(Duration::from_secs(30), slow.read_exact(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
    service.stop().await;
}
