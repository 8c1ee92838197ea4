//! The scenario table: callers × times × addresses × calls × filters, each put to the real server, by gRPC and by REST.

mod caller;
mod in_http;
mod rules;

use std::collections::BTreeSet;

use omnia::contract::proto::{FiltroReport, GetReportSinteticoRequest};
use tonic::{Code, Status};

use crate::{
    abilitazione::PACKAGE,
    audit::call_records,
    calls::{self, call_rpc_for},
    errors::contract_error,
    model::NORMATIVE,
    rest::same::{question::Sender, ways::Ways},
    server::{CallerClients, TestServer},
};
use caller::ScenarioCaller;
use in_http::{assert_recorded_alike, question};
use rules::{ScenarioCase, ScenarioOutcome, ScenarioRules};

/// The instants, in Rome: a Monday morning, a Saturday morning, the first day of the year after.
const TIMES: [(&str, &str); 3] = [
    ("lavoro", "2026-11-23T09:00:00Z"),
    ("sabato", "2026-11-28T09:00:00Z"),
    ("anno_dopo", "2026-12-31T23:00:00Z"),
];

/// What the trusted proxy says of the client's address.
const ADDRESSES: [(&str, &str); 3] = [
    ("dentro", "10.1.2.3"),
    ("fuori", "192.0.2.1"),
    ("ignoto", "unknown"),
];

/// A call, and what it filters by. The other calls of the contract are in the policy's own tests.
const CALLS: [(&str, &str); 11] = [
    ("AccessService/GetMyAccess", "-"),
    ("ReportService/GetReportSintetico", "-"),
    ("ReportService/GetReportSintetico", "altra_norma"),
    ("DecreeService/ListDecrees", "-"),
    ("DecreeService/ListDecrees", "cf_azienda"),
    ("DecreeService/ListDecrees", "altra_norma"),
    ("DecreeService/CountDecrees", "cf_persona"),
    ("DecreeService/CountDecrees", "matricola_azienda"),
    ("DecreeService/ExportDecrees", "-"),
    ("DecreeService/ExportDecrees", "altra_norma"),
    (ABSENT_CALL, "-"),
];

/// What the contract does not have.
const ABSENT_CALL: &str = "DecreeService/DropDecrees";

/// The norm of the grants that have one only is the first; this is another.
const OTHER_NORM: &str = NORMATIVE[1];

#[tokio::test]
async fn every_caller_gets_what_the_table_says() {
    let rules = ScenarioRules::parse(include_str!("table.txt"));
    let service = TestServer::start_with(|s| {
        s.server.trusted_proxies = vec!["127.0.0.1/32".to_owned()];
        // Every refusal has a record of its own.
        s.audit.refused_per_minute = 100_000.try_into().unwrap();
        s.audit.refused_per_caller_per_minute = s.audit.refused_per_minute;
    })
    .await;
    service.load(&calls::extract(), "2026-10-31").await;
    let callers = caller::all_callers(&service).await;
    let spelt = CALLS.map(|(rpc, filtro)| question(rpc, filtro));
    let ways = Ways::to(&service);
    let mut used = BTreeSet::new();
    let mut wrong = Vec::new();
    // The calls by gRPC, counted, and which of them were made in HTTP too.
    let (mut calls, mut twice) = (0_usize, Vec::new());
    let mut said = BTreeSet::new();
    for (time, istante) in TIMES {
        service.set_clock(istante);
        for caller in &callers {
            let token = caller.token(&service);
            for (address, from) in ADDRESSES {
                let mut client = service.clients_from(from, token.as_deref());
                let sender = Sender {
                    token: token.as_deref(),
                    address: Some(from),
                    trace: None,
                };
                for ((rpc, filtro), spelt) in CALLS.into_iter().zip(&spelt) {
                    let case = ScenarioCase {
                        caller: caller.name,
                        time,
                        address,
                        rpc,
                        filtro,
                    };
                    let (riga, expected) = rules.expected(&case);
                    used.insert(riga);
                    let mut check = |outcome: ScenarioOutcome, expected: &ScenarioOutcome| {
                        if outcome != *expected {
                            wrong.push(format!(
                                "{case:?}: {outcome:?} instead of {expected:?} (line {riga})"
                            ));
                        }
                    };
                    let said_by_grpc = outcome(call_row(&mut client, rpc, filtro).await);
                    let by_grpc = ScenarioOutcome {
                        said: said_by_grpc,
                        ..*expected
                    };
                    check(by_grpc, expected);
                    // What a line says to a caller of a call it says in HTTP once.
                    if said.insert((riga, caller.name, rpc, filtro)) {
                        let answer = spelt.send(&ways, &sender, calls.is_multiple_of(2)).await;
                        check(in_http::outcome(&answer), &in_http::told(spelt, expected));
                        twice.extend((!spelt.elsewhere).then_some(calls));
                    }
                    calls += 1;
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let unused: Vec<usize> = rules
        .line_numbers()
        .filter(|riga| !used.contains(riga))
        .collect();
    assert!(unused.is_empty(), "lines that say nothing: {unused:?}");
    assert_recorded_alike(&call_records(&service.stop().await.owner).await, &twice);
}

/// The norm, and the filter of the detail.
fn selection(filtro: &str) -> (&'static str, &str) {
    match filtro {
        "-" => (NORMATIVE[0], ""),
        "cf_persona" => (NORMATIVE[0], "cf_azienda.persona_fisica"),
        "altra_norma" => (OTHER_NORM, ""),
        filtro => (NORMATIVE[0], filtro),
    }
}

async fn call_row(client: &mut CallerClients, rpc: &str, filtro: &str) -> Result<usize, Status> {
    let (normativa, filtro) = selection(filtro);
    match (rpc, normativa) {
        (ABSENT_CALL, _) => client.call_any(&format!("{PACKAGE}{rpc}")).await,
        ("ReportService/GetReportSintetico", OTHER_NORM) => {
            let answer = client
                .report
                .get_report_sintetico(report(normativa))
                .await?;
            Ok(answer.into_inner().voci.len())
        }
        _ => call_rpc_for(client, rpc, normativa, filtro).await,
    }
}

/// The report of one norm.
fn report(normativa: &str) -> GetReportSinteticoRequest {
    GetReportSinteticoRequest {
        filtro: Some(FiltroReport {
            normativa: vec![normativa.to_owned()],
            ..Default::default()
        }),
        rilevazione: 0,
    }
}

/// The outcome as the table writes it. The code must be the reason's.
fn outcome(answer: Result<usize, Status>) -> String {
    let Err(status) = answer else {
        return "OK".to_owned();
    };
    let reason = contract_error(&status).reason.as_str_name();
    let reason = reason.strip_prefix("ERROR_REASON_").unwrap();
    let code = match reason {
        "CALL_UNKNOWN" => Code::Unimplemented,
        _ if reason.starts_with("TOKEN_") => Code::Unauthenticated,
        _ => Code::PermissionDenied,
    };
    assert_eq!(status.code(), code, "{reason}");
    reason.to_owned()
}

/// For the messages of the test.
impl std::fmt::Debug for ScenarioCaller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
