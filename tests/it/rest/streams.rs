//! Exports and differences as lines.

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::{Answer, RestCaller};
use crate::{
    calls,
    export_stream::many_rows,
    model::NORMATIVE,
    server::{CallerClients, TestServer},
};

/// Lines by their one member.
#[track_caller]
fn lines(text: &str) -> Vec<(String, Value)> {
    assert!(text.ends_with('\n'));
    text.lines()
        .map(|line| {
            let Value::Object(line) = serde_json::from_str(line).unwrap() else {
                panic!("{line}");
            };
            assert_eq!(line.len(), 1);
            line.into_iter().next().unwrap()
        })
        .collect()
}

async fn rows_by_grpc(client: &mut CallerClients) -> Vec<String> {
    let request = omnia::contract::proto::ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    };
    let stream = client.decreti.export_decrees(request).await.unwrap();
    let rows = calls::drain(stream.into_inner()).await.rows;
    rows.into_iter()
        .map(|row| {
            format!(
                "{}{}{}",
                row.matricola_azienda, row.importi_autorizzati, row.validita_dal
            )
        })
        .collect()
}

fn rows_of(lines: &[(String, Value)]) -> Vec<String> {
    let rows = lines.iter().filter(|(name, _)| name == "riga");
    rows.map(|(_, row)| {
        let text = |name: &str| row[name].as_str().unwrap();
        text("matricola_azienda").to_owned() + text("importi_autorizzati") + text("validita_dal")
    })
    .collect()
}

#[tokio::test]
async fn an_export_is_lines_and_goes_on_after_any_token() {
    let service = TestServer::start_with(|s| s.export.batch_rows = 2).await;
    service.load(&calls::extract(), "2026-10-31").await;
    let rest = RestCaller::of(&service, "mlps-ammortizzatori").await;
    let mut client = service.clients_as("cliente-mlps-ammortizzatori");
    let path = format!("/v1/normative/{}/decreti/righe", NORMATIVE[0]);
    let answer = rest.get(&path).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/x-ndjson")
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    let all = lines(&answer.text);
    assert_eq!(rows_of(&all), rows_by_grpc(&mut client).await);
    assert_eq!(all[0].0, "intestazione");
    assert_eq!(all[0].1["rilevazione"]["numero"], 1);
    let (last, closing) = all.last().unwrap();
    assert_eq!(last, "chiusura");
    assert_eq!(closing["totali"]["righe"], rows_of(&all).len().to_string());
    for (at, (name, token)) in all.iter().enumerate() {
        if name == "resume_token" {
            let rest = rest
                .get(&format!("{path}?resume_token={}", token.as_str().unwrap()))
                .await;
            assert_eq!(rows_of(&lines(&rest.text)), rows_of(&all[at..]));
        }
    }
    let found = rest
        .post(
            &format!("/v1/normative/{}/decreti/ricerca/righe", NORMATIVE[0]),
            &json!({}),
        )
        .await;
    assert_eq!(rows_of(&lines(&found.text)), rows_of(&all));
    let zipped = rest.request("GET", &path).header("accept-encoding", "gzip");
    let zipped = zipped.send().await.unwrap();
    assert_eq!(zipped.headers()["content-encoding"], "gzip");
    let mut unzipped = String::new();
    let bytes = zipped.bytes().await.unwrap();
    let read = GzDecoder::new(&bytes[..]).read_to_string(&mut unzipped);
    assert!(read.is_ok_and(|_| lines(&unzipped).len() == all.len()));
    assert_eq!(rows_of(&lines(&unzipped)), rows_of(&all));
    // What is refused before a line is sent is no stream.
    let bad = rest.get(&format!("{path}?resume_token=x")).await;
    assert_eq!(
        bad.problem(),
        (400, "PAGE_TOKEN_INVALID".to_owned(), vec![])
    );
    let accept = rest
        .request("GET", &path)
        .header("accept", "application/json");
    assert_eq!(Answer::of(accept.send().await.unwrap()).await.status, 406);
    service.stop().await;
}

#[tokio::test]
async fn differences_are_lines_with_both_sides() {
    let service = TestServer::start().await;
    let mut extract = calls::extract();
    service.load(&extract, "2026-09-30").await;
    extract.rows.pop();
    extract.rows[0].erogati += 1;
    service.load(&extract, "2026-10-31").await;
    let rest = RestCaller::of(&service, "mef-rgs").await;
    let answer = rest.get("/v1/differenze?da=1").await;
    let all = lines(&answer.text);
    let rows: Vec<&Value> = all
        .iter()
        .filter(|(name, _)| name == "riga")
        .map(|(_, row)| row)
        .collect();
    assert_eq!(rows.len(), 2);
    assert!(
        rows.iter()
            .any(|row| row["prima"].is_object() && row["dopo"].is_null())
    );
    assert!(
        rows.iter()
            .any(|row| row["prima"].is_object() && row["dopo"].is_object())
    );
    let closing = &all.last().unwrap().1;
    assert_eq!(
        closing["differenze"],
        json!({"nuove": "0", "variate": "1", "cessate": "1"})
    );
    service.stop().await;
}

/// The stream ends with an error after its first lines: the connection breaks, and no client takes it for whole.
#[tokio::test]
async fn a_stream_that_breaks_looks_broken() {
    let service = TestServer::start_with(|s| {
        s.export.batch_rows = 50;
        s.export.deadline_seconds = 1;
    })
    .await;
    service.load(&many_rows(40_000), "2026-10-31").await;
    let rest = RestCaller::of(&service, "mlps-ammortizzatori").await;
    let path = format!("/v1/normative/{}/decreti/righe", NORMATIVE[0]);
    let mut response = rest.request("GET", &path).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let first = response.chunk().await.unwrap().unwrap();
    // It takes nothing until the deadline is over.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let mut text = first.to_vec();
    let broken = loop {
        match response.chunk().await {
            Ok(Some(bytes)) => text.extend_from_slice(&bytes),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken, "{} bytes, and an end that looks well", text.len());
    assert!(!String::from_utf8_lossy(&text).contains("chiusura"));
    service.stop().await;
}
