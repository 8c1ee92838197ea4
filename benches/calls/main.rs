//! What the access layer costs a call: `GetMyAccess` of the service, with everything on, against the same call of a server
//! that does nothing but answer it.
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
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::float_arithmetic,
    unreachable_pub
)]

mod client;
#[path = "../sizes/machine.rs"]
mod machine;
mod peer;
mod scene;
#[path = "../../tests/it/throw_away.rs"]
mod throw_away;

use std::{process::ExitCode, time::Duration};

use self::{
    client::{Client, Turn},
    scene::Scene,
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
    let scene = Scene::set_up().await;
    println!("{}", machine::describe(&scene.postgres_version));
    let ours = Client::connect(&scene.service, &scene.token).await;
    let peer = Client::connect(&scene.peer, &scene.token).await;
    assert_eq!(ours.call().await.soggetto, scene::SOGGETTO);
    assert_eq!(
        peer.call().await,
        omnia::proto::GetMyAccessResponse::default()
    );
    let before = scene.records().await;

    let mut pairs: Vec<[Turn; 2]> = Vec::new();
    for round in 0..=PAIRS {
        let pair = if round % 2 == 0 {
            let ours = ours.turn(STREAMS, TURN).await;
            [ours, peer.turn(STREAMS, TURN).await]
        } else {
            let peer = peer.turn(STREAMS, TURN).await;
            [ours.turn(STREAMS, TURN).await, peer]
        };
        pairs.push(pair);
    }
    // None was answered unrecorded.
    let calls: usize = pairs.iter().map(|[ours, _]| ours.calls).sum();
    assert_eq!(
        scene.records().await - before,
        i64::try_from(calls).unwrap()
    );
    scene.tear_down().await;
    // The first warmed up.
    tell(&pairs[1..])
}

fn tell(pairs: &[[Turn; 2]]) -> ExitCode {
    let median_of = |of: fn(&[Turn; 2]) -> f64| median(pairs.iter().map(of).collect());
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
    if speed >= SPEED && p99 <= P99 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn word(holds: bool) -> &'static str {
    if holds { "holds " } else { "MISSED" }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (lower, upper) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
    f64::midpoint(lower, upper)
}
