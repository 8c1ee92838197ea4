//! The examples of the OpenAPI documents are answers that the service gives.

use expect_test::expect_file;
use serde_json::{Value, json};

use super::RestCaller;
use crate::{calls, model::NORMATIVE, server::TestServer};

/// To accept a change: `UPDATE_EXPECT=1 cargo test --test it rest::examples`, and again `rest::openapi`, whose documents have them.
#[tokio::test]
async fn the_examples_are_answers_that_are_given() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    // It sees no person's codice fiscale.
    let caller = RestCaller::of(&service, "mef-rgs").await;
    let norm = NORMATIVE[0];
    let report = format!("/v1/report-sintetico?normativa={norm}");
    let decrees = format!("/v1/normative/{norm}/decreti");
    let mut examples = json!({
        "report_sintetico": caller.get(&report).await.ok(),
        "normative_decreti": caller.get(&decrees).await.ok(),
        "problem_400": caller.get("/v1/report-sintetico?dal=2023-02-30&al=ieri").await.json(),
        "problem_401": RestCaller::with(&service, None).get(&report).await.json(),
        "problem_404": caller.get("/v1/report-sintetico?rilevazione=9").await.json(),
    });
    settle(&mut examples);
    let text = serde_json::to_string_pretty(&examples).unwrap() + "\n";
    expect_file!["../../../src/rest/openapi/examples.json"].assert_eq(&text);
    service.stop().await;
}

/// What is another one each time.
fn settle(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "caricata_il" => *member = json!("2026-11-02T05:30:00Z"),
                    "trace_id" => *member = json!("4bf92f3577b34da6a3ce929d0e0e4736"),
                    _ => settle(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(settle),
        _ => {}
    }
}
