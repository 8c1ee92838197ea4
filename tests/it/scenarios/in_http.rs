//! The calls of the table in HTTP, and their records.

use std::collections::BTreeMap;

use omnia::contract::proto::{
    CountDecreesRequest, ExportDecreesRequest, GetMyAccessRequest, GetReportSinteticoRequest,
    ListDecreesRequest,
};
use serde_json::Value;

use super::{ABSENT_CALL, OTHER_NORM, report, rules::ScenarioOutcome, selection};
use crate::{
    calls::filtro_decreti,
    rest::same::{
        question::Question,
        records::assert_same_records,
        spelling::{Spelling, SpeltQuestion, Wordiness},
        ways::HttpAnswer,
    },
};

/// A call in the first of its spellings that has words for it.
pub(super) fn question(rpc: &str, filtro: &str) -> SpeltQuestion {
    if rpc == ABSENT_CALL {
        return SpeltQuestion::to_nowhere("/v1/normative/DL109-2018-ART44/decreti/eliminazione");
    }
    let (normativa, filtro) = selection(filtro);
    let (normativa, detail) = (normativa.to_owned(), Some(filtro_decreti(filtro)));
    let question = match rpc {
        "AccessService/GetMyAccess" => Question::of(rpc, &GetMyAccessRequest {}),
        "ReportService/GetReportSintetico" if normativa == OTHER_NORM => {
            Question::of(rpc, &report(OTHER_NORM))
        }
        "ReportService/GetReportSintetico" => {
            Question::of(rpc, &GetReportSinteticoRequest::default())
        }
        "DecreeService/ListDecrees" => {
            let request = ListDecreesRequest {
                normativa,
                filtro: detail,
                ..Default::default()
            };
            Question::of(rpc, &request)
        }
        "DecreeService/CountDecrees" => {
            let request = CountDecreesRequest {
                normativa,
                filtro: detail,
                rilevazione: 0,
            };
            Question::of(rpc, &request)
        }
        "DecreeService/ExportDecrees" => {
            let request = ExportDecreesRequest {
                normativa,
                filtro: detail,
                ..Default::default()
            };
            Question::of(rpc, &request)
        }
        other => panic!("{other} is not in the table"),
    };
    let spellings = Spelling::all().into_iter().filter(|one| one.rpc == rpc);
    let mut spelt = spellings.map(|one| one.spell(&question, 0, Wordiness::Brief));
    spelt.find(SpeltQuestion::is_call).unwrap()
}

/// What the table has of it.
pub(super) fn outcome(answer: &HttpAnswer) -> ScenarioOutcome {
    let said = match answer.status {
        200 => "OK".to_owned(),
        _ => answer.text().problem().1,
    };
    ScenarioOutcome {
        said,
        status: answer.status,
    }
}

/// What the table says of it. A path that is none is told so, whoever asks.
pub(super) fn told(spelt: &SpeltQuestion, expected: &ScenarioOutcome) -> ScenarioOutcome {
    if !spelt.elsewhere {
        return expected.clone();
    }
    ScenarioOutcome {
        said: "CALL_UNKNOWN".to_owned(),
        status: 404,
    }
}

/// Calls follow each other, and so do their records, but for the ends of streams, which are written when they are: an end belongs to its
/// beginning. `twice` are those of the calls by gRPC that were then made in HTTP.
pub(super) fn assert_recorded_alike(records: &[Value], twice: &[usize]) {
    let mut ends = BTreeMap::new();
    let (mut by_grpc, mut by_http) = (Vec::new(), Vec::new());
    for record in records {
        if record["tipo"] == "FINE" {
            ends.insert(record["inizio"].as_i64().unwrap(), record);
        } else if record["via"] != "REST" {
            by_grpc.push(record);
        } else if !record["rpc"].as_str().unwrap().starts_with('/') {
            by_http.push(record);
        }
    }
    assert_eq!(by_http.len(), twice.len());
    let whole = |record: &Value| -> Vec<Value> {
        let end = ends.get(&record["numero"].as_i64().unwrap()).copied();
        std::iter::once(record).chain(end).cloned().collect()
    };
    for (call, by_http) in twice.iter().zip(by_http) {
        assert_same_records(&whole(by_grpc[*call]), &whole(by_http));
    }
}
