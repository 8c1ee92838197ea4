//! What the access layer costs a call: `GetReportSintetico` and `GetMyAccess` of the service, with everything on, against
//! the same call of a server that does nothing but answer it. One of them: `cargo bench --bench calls -- GetMyAccess`.
//!
//! ```text
//! 64 tasks, one connection ──┬──► omnia serve: token, grant, conditions, policy, quotas, audit log in Postgres
//!                            └──► peer: tonic's own server, no layer, an empty answer
//! ```
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
    for call in MeasuredCall::ALL {
        if !asked.is_empty() && !asked.iter().any(|name| name == call.name()) {
            continue;
        }
        let before = scene.records().await;
        let pairs = pairs(call, &ours, &peer).await;
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
        good &= tell(&pairs[1..]);
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
    assert_eq!(peer.report().await, GetReportSinteticoResponse::default());
}

async fn pairs(call: MeasuredCall, ours: &CallsClient, peer: &CallsClient) -> Vec<[CallsTurn; 2]> {
    let mut pairs = Vec::new();
    for round in 0..=PAIRS {
        let pair = if round % 2 == 0 {
            let ours = ours.turn(call, STREAMS, TURN).await;
            [ours, peer.turn(call, STREAMS, TURN).await]
        } else {
            let peer = peer.turn(call, STREAMS, TURN).await;
            [ours.turn(call, STREAMS, TURN).await, peer]
        };
        pairs.push(pair);
    }
    pairs
}

fn tell(pairs: &[[CallsTurn; 2]]) -> bool {
    let median_of = |of: fn(&[CallsTurn; 2]) -> f64| median(pairs.iter().map(of).collect());
    let speed = median_of(|[ours, peer]| ours.per_second() / peer.per_second());
    let p99 = median_of(|[ours, peer]| ours.p99.as_secs_f64() / peer.p99.as_secs_f64());
    println!(
        "{} requests/s: {speed:.2} of the peer's (goal: at least {SPEED:.2}); {:.0}, peer {:.0}; medians of {} pairs",
        word(speed >= SPEED),
        median_of(|[ours, _]| ours.per_second()),
        median_of(|[_, peer]| peer.per_second()),
        pairs.len()
    );
    println!(
        "{} 99th percentile: {p99:.2} of the peer's (goal: at most {P99:.2}); {:.2} ms, peer {:.2} ms",
        word(p99 <= P99),
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
    speed >= SPEED && p99 <= P99
}

fn word(holds: bool) -> &'static str {
    if holds { "holds " } else { "MISSED" }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (lower, upper) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
    f64::midpoint(lower, upper)
}
