//! Whether the cost of a report grows with the data: `GetReportSintetico` of the service over databases of different sizes.
//!
//! ```text
//! 64 tasks, one connection each ──┬──► omnia serve over    10,000 rows
//!                                 ├──► omnia serve over 1,000,000 rows
//!                                 └──► … the sizes that are named: cargo bench --bench report -- 10000 1000000 10000000
//! ```
//!
//! All services run at the same time, and only one is asked; turns of a second and a half, one size after the other, forth and
//! back; what is kept is the ratio to the smallest in the same round. Two requests are made in turn, without filters and with
//! a periodo. The answers to both are asserted first, against a sum over the rows in SQL.

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
mod scene;
#[path = "../sizes/stage.rs"]
mod stage;
#[path = "../../tests/it/throw_away.rs"]
mod throw_away;

use std::{process::ExitCode, time::Duration};

use self::{client::ReportClient, scene::ReportScene};

/// Without a word about it.
const ROWS: [u64; 2] = [10_000, 1_000_000];
/// Calls at the same time.
const STREAMS: usize = 64;
const TURN: Duration = Duration::from_millis(1500);
const ROUNDS: usize = 12;
/// Of the smallest's requests/s, at least and at most.
const FLAT: [f64; 2] = [0.90, 1.10];

fn main() -> ExitCode {
    let mut rows: Vec<u64> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    if rows.is_empty() {
        rows = ROWS.to_vec();
    }
    rows.sort_unstable();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measure(&rows))
}

async fn measure(rows: &[u64]) -> ExitCode {
    let scene = ReportScene::set_up(rows).await;
    println!("{}", machine::describe(&scene.postgres_version));
    let mut clients = Vec::new();
    for size in &scene.sizes {
        let client = ReportClient::connect(&size.address, &scene.token).await;
        let first = client.assert_answers(&size.owner).await;
        println!(
            "       {} rows: loaded in {:.1} s; first call, which reads the sums: {:.1} ms; {} days of sums",
            size.rows,
            size.loaded_in.as_secs_f64(),
            first.as_secs_f64() * 1e3,
            size.days().await
        );
        clients.push(client);
    }
    // The first round warms up.
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let mut speeds = vec![0.0; clients.len()];
        let mut order: Vec<usize> = (0..clients.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for at in order {
            speeds[at] = clients[at].turn(STREAMS, TURN).await;
        }
        rounds.push(speeds);
    }
    let good = tell(rows, &rounds[1..]);
    scene.tear_down().await;
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn tell(rows: &[u64], rounds: &[Vec<f64>]) -> bool {
    let [least, most] = FLAT;
    let mut good = true;
    for (at, rows) in rows.iter().enumerate() {
        let speed = median(rounds.iter().map(|speeds| speeds[at]).collect());
        let ratio = median(rounds.iter().map(|speeds| speeds[at] / speeds[0]).collect());
        let holds = (least..=most).contains(&ratio);
        good &= holds;
        println!(
            "{} {rows} rows: {speed:.0} requests/s, {ratio:.2} of the smallest's (goal: {least:.2} to {most:.2}); \
             medians of {} rounds",
            if holds { "holds " } else { "MISSED" },
            rounds.len()
        );
    }
    good
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (lower, upper) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
    f64::midpoint(lower, upper)
}
