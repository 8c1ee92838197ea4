//! What the access layer costs a call: `GetReportSintetico` and `GetMyAccess` of the service, with everything on, against
//! the same call of a server that does nothing but answer it. One of them: `cargo bench --bench calls -- GetMyAccess`.
//!
//! ```text
//! 64 tasks, one connection ──┬──► omnia serve: token, grant, conditions, policy, quotas, audit log in Postgres
//!                            └──► peer: tonic's own server, no layer, an empty answer
//! ```
//!
//! And what the spelling of a call in HTTP and JSON costs: the report by REST, over HTTP/2 and over HTTP/1.1, against the same report by gRPC, both of
//! the service.
//!
//! Both run in processes of their own and are called by the same client, in turns of two seconds; what is kept is the ratio
//! of each pair. The answer and the record in the audit log are asserted first.

// A bench stops at the first thing that is wrong. Its floats are ratios of times, never money.
#![allow(
    // Benches connect under any role they need.
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::float_arithmetic,
    unreachable_pub
)]

mod client;
#[path = "../sizes/machine.rs"]
mod machine;
mod peer;
mod processor;
mod scene;
#[path = "../sizes/stage.rs"]
mod stage;
#[path = "../../tests/it/throw_away.rs"]
mod throw_away;

use std::{env, process::ExitCode, time::Duration};

use omnia::contract::proto::{GetMyAccessResponse, GetReportSinteticoResponse};

use self::{
    client::{CallsClient, CallsTurn, MeasuredCall},
    scene::CallsScene,
};

/// Calls at the same time.
const STREAMS: usize = 64;
const TURN: Duration = Duration::from_secs(2);
const PAIRS: usize = 12;
/// Of the peer's requests/s, at least.
const SPEED: f64 = 0.80;
/// Of the peer's 99th percentile, at most.
const P99: f64 = 1.5;
/// Of the requests/s by gRPC, at least, by REST.
const REST: f64 = 0.60;

fn main() -> ExitCode {
    if std::env::var_os(peer::ROLE).is_some() {
        peer::serve();
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measure())
}

async fn measure() -> ExitCode {
    let scene = CallsScene::set_up().await;
    println!("{}", machine::describe(&scene.postgres_version));
    let [service, other, postmaster] = scene.processes();
    let ours = CallsClient::connect(&scene.service, &scene.token, service, Some(postmaster)).await;
    let peer = CallsClient::connect(&scene.peer, &scene.token, other, None).await;
    assert_answers(ours.clone(), peer.clone()).await;

    let asked: Vec<String> = env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let mut good = true;
    let wanted = |call: &MeasuredCall| asked.is_empty() || asked.iter().any(|n| n == call.name());
    for call in MeasuredCall::BY_GRPC.into_iter().filter(wanted) {
        let before = scene.records().await;
        let pairs = pairs([(call, &ours), (call, &peer)]).await;
        // None was answered unrecorded.
        let calls: usize = pairs.iter().map(|[ours, _]| ours.calls).sum();
        assert_eq!(
            scene.records().await - before,
            i64::try_from(calls).unwrap()
        );
        println!(
            "{}, {STREAMS} at the same time; {:.0} records a commit",
            call.name(),
            scene.records_a_row().await
        );
        // The first warmed up.
        good &= tell(&pairs[1..], SPEED, Some(P99));
    }
    for call in MeasuredCall::BY_REST.into_iter().filter(wanted) {
        let before = scene.records().await;
        let pairs = pairs([(call, &ours), (MeasuredCall::GetReportSintetico, &ours)]).await;
        let calls: usize = pairs.iter().flatten().map(|turn| turn.calls).sum();
        assert_eq!(
            scene.records().await - before,
            i64::try_from(calls).unwrap()
        );
        println!(
            "{}, {STREAMS} at the same time; the peer is GetReportSintetico",
            call.name()
        );
        good &= tell(&pairs[1..], REST, None);
    }
    scene.tear_down().await;
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn assert_answers(mut ours: CallsClient, mut peer: CallsClient) {
    assert_eq!(ours.my_access().await.soggetto, stage::SUBJECT);
    assert_eq!(peer.my_access().await, GetMyAccessResponse::default());
    let report = ours.report().await;
    assert!(
        !report.voci.is_empty() && report.voci.iter().all(|v| v.normativa == scene::NORMATIVA),
        "{report:?}"
    );
    assert!(report.totale.is_some());
    let paid = report.totale.map(|totale| totale.importi_erogati);
    for text in [ours.rest_report().await, ours.rest_report_http1().await] {
        let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(json["totale"]["importi_erogati"].as_str(), paid.as_deref());
    }
    assert_eq!(peer.report().await, GetReportSinteticoResponse::default());
}

/// What is measured, and what it is measured by, in turns.
async fn pairs([measured, by]: [(MeasuredCall, &CallsClient); 2]) -> Vec<[CallsTurn; 2]> {
    let turn =
        async |(call, client): (MeasuredCall, &CallsClient)| client.turn(call, STREAMS, TURN).await;
    let mut pairs = Vec::new();
    for round in 0..=PAIRS {
        let pair = if round % 2 == 0 {
            let ours = turn(measured).await;
            [ours, turn(by).await]
        } else {
            let peer = turn(by).await;
            [turn(measured).await, peer]
        };
        pairs.push(pair);
    }
    pairs
}

fn tell(pairs: &[[CallsTurn; 2]], at_least: f64, p99_at_most: Option<f64>) -> bool {
    let median_of = |of: fn(&[CallsTurn; 2]) -> f64| median(pairs.iter().map(of).collect());
    let speed = median_of(|[ours, peer]| ours.per_second() / peer.per_second());
    let p99 = median_of(|[ours, peer]| ours.p99.as_secs_f64() / peer.p99.as_secs_f64());
    println!(
        "{} requests/s: {speed:.2} of the peer's (goal: at least {at_least:.2}); {:.0}, peer {:.0}; medians of {} pairs",
        word(speed >= at_least),
        median_of(|[ours, _]| ours.per_second()),
        median_of(|[_, peer]| peer.per_second()),
        pairs.len()
    );
    let p99_holds = p99_at_most.is_none_or(|goal| p99 <= goal);
    let goal = p99_at_most.map_or("none".to_owned(), |goal| format!("at most {goal:.2}"));
    println!(
        "{} 99th percentile: {p99:.2} of the peer's (goal: {goal}); {:.2} ms, peer {:.2} ms",
        word(p99_holds),
        median_of(|[ours, _]| ours.p99.as_secs_f64() * 1e3),
        median_of(|[_, peer]| peer.p99.as_secs_f64() * 1e3),
    );
    let micros = |whose: usize, part: usize| {
        median(pairs.iter().map(|pair| pair[whose].micros[part]).collect())
    };
    println!(
        "       µs of processor time a call: service {:.1}, client {:.1}, Postgres {:.1}; peer {:.1}, its client {:.1}",
        micros(0, 0),
        micros(0, 1),
        micros(0, 2),
        micros(1, 0),
        micros(1, 1),
    );
    speed >= at_least && p99_holds
}

fn word(holds: bool) -> &'static str {
    if holds { "holds " } else { "MISSED" }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (lower, upper) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
    f64::midpoint(lower, upper)
}
