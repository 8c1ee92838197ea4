//! The scenario table: callers × times × addresses × calls × filters, each put to the real server.

mod caller;
mod rules;

use std::collections::BTreeSet;

use tonic::{Code, Status};

use crate::{
    abilitazione::PACKAGE,
    calls::{self, call_rpc_for},
    errors::contract_error,
    model::NORMATIVE,
    server::{CallerClients, TestServer},
};
use caller::ScenarioCaller;
use rules::{ScenarioCase, ScenarioRules};

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
    ("DecreeService/DropDecrees", "-"),
];

/// The norm of the grants that have one only is the first; this is another.
const OTHER_NORM: &str = NORMATIVE[1];

#[tokio::test]
async fn every_caller_gets_what_the_table_says() {
    let rules = ScenarioRules::parse(include_str!("table.txt"));
    let service = TestServer::start_with(|s| {
        s.server.trusted_proxies = vec!["127.0.0.1/32".to_owned()];
    })
    .await;
    service.load(&calls::extract(), "2026-10-31").await;
    let callers = caller::all_callers(&service).await;
    let mut used = BTreeSet::new();
    let mut wrong = Vec::new();
    for (time, istante) in TIMES {
        service.set_clock(istante);
        for caller in &callers {
            for (address, from) in ADDRESSES {
                let mut client = caller.clients(&service, from);
                for (rpc, filtro) in CALLS {
                    let case = ScenarioCase {
                        caller: caller.name,
                        time,
                        address,
                        rpc,
                        filtro,
                    };
                    let (riga, expected) = rules.expected(&case);
                    used.insert(riga);
                    let esito = outcome(call_row(&mut client, rpc, filtro).await);
                    if esito != expected {
                        wrong.push(format!(
                            "{case:?}: {esito} instead of {expected} (line {riga})"
                        ));
                    }
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
}

async fn call_row(client: &mut CallerClients, rpc: &str, filtro: &str) -> Result<usize, Status> {
    let (normativa, filtro) = match filtro {
        "-" => (NORMATIVE[0], ""),
        "cf_persona" => (NORMATIVE[0], "cf_azienda.persona_fisica"),
        "altra_norma" => (OTHER_NORM, ""),
        filtro => (NORMATIVE[0], filtro),
    };
    match (rpc, normativa) {
        ("DecreeService/DropDecrees", _) => client.call_any(&format!("{PACKAGE}{rpc}")).await,
        ("ReportService/GetReportSintetico", OTHER_NORM) => {
            let request = omnia::contract::proto::GetReportSinteticoRequest {
                filtro: Some(omnia::contract::proto::FiltroReport {
                    normativa: vec![OTHER_NORM.to_owned()],
                    ..Default::default()
                }),
                rilevazione: 0,
            };
            let answer = client.report.get_report_sintetico(request).await?;
            Ok(answer.into_inner().voci.len())
        }
        _ => call_rpc_for(client, rpc, normativa, filtro).await,
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
