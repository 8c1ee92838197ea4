//! Whether the cost of a report grows with the data, and whether the figures over time cost as little: `GetReportSintetico`, `GetAndamento`
//! and `GetProiezione` of the service over databases of different sizes, and the page Sintesi.
//!
//! ```text
//! 64 tasks, one connection ──┬──► omnia serve over    10,000 rows
//!                            ├──► omnia serve over 1,000,000 rows
//!                            └──► … the sizes that are named: cargo bench --bench report -- 10000 1000000 10000000
//! ```
//!
//! All services run at the same time, and only one is asked; turns of a second and a half, one call and one size after the other, forth and
//! back. What is kept is the ratio to the same call of the smallest, and to `GetReportSintetico` of the same size, in the same round. The
//! answers are asserted first, against sums over the rows in SQL.

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
mod sintesi;
#[path = "../sizes/stage.rs"]
mod stage;
#[path = "../../tests/it/throw_away.rs"]
mod throw_away;

use std::{process::ExitCode, time::Duration};

use self::{
    client::{Call, ReportClient},
    scene::ReportScene,
};

/// Without a word about it.
const ROWS: [u64; 2] = [10_000, 1_000_000];
/// Calls at the same time.
const STREAMS: usize = 64;
const TURN: Duration = Duration::from_millis(1500);
const ROUNDS: usize = 12;
/// Of the smallest's requests/s, at least and at most.
const FLAT: [f64; 2] = [0.90, 1.10];
/// Of the report's requests/s, at least.
const OF_THE_REPORT: f64 = 0.70;

/// A view of Sintesi, at most.
const PAGE: Duration = Duration::from_millis(50);

/// Requests/s of each call, in the order of [`Call::ALL`].
type Speeds = [f64; 3];

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
        let firsts = client.assert_answers(&size.owner).await;
        let firsts = firsts.map(|first| format!("{:.1} ms", first.as_secs_f64() * 1e3));
        println!(
            "       {} rows: loaded in {:.1} s; first calls, which read the sums: {}; {} days of sums",
            size.rows,
            size.loaded_in.as_secs_f64(),
            firsts.join(", "),
            size.days().await
        );
        clients.push(client);
    }
    // The first round warms up.
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let mut speeds = vec![[0.0; 3]; clients.len()];
        let turns = Call::ALL.iter().enumerate();
        let turns = turns.flat_map(|(call, _)| (0..clients.len()).map(move |size| (call, size)));
        let mut order: Vec<(usize, usize)> = turns.collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for (call, size) in order {
            speeds[size][call] = clients[size].turn(Call::ALL[call], STREAMS, TURN).await;
        }
        rounds.push(speeds);
    }
    let mut good = tell(rows, &rounds[1..]);
    for size in &scene.sizes {
        let [median, slow] = sintesi::views(&size.address, &size.owner, &scene.dir).await;
        let holds = median <= PAGE;
        good &= holds;
        println!(
            "{} Sintesi, {} rows: {:.1} ms a view (goal: at most {} ms), 99th percentile {:.1} ms",
            if holds { "holds " } else { "MISSED" },
            size.rows,
            median.as_secs_f64() * 1e3,
            PAGE.as_millis(),
            slow.as_secs_f64() * 1e3,
        );
    }
    scene.tear_down().await;
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn tell(rows: &[u64], rounds: &[Vec<Speeds>]) -> bool {
    let [least, most] = FLAT;
    let mut good = true;
    for (call, name) in Call::ALL.iter().map(|call| call.name()).enumerate() {
        for (size, rows) in rows.iter().enumerate() {
            let over = |figure: &dyn Fn(&[Speeds]) -> f64| {
                median(rounds.iter().map(|speeds| figure(speeds)).collect())
            };
            let speed = over(&|speeds| speeds[size][call]);
            let of_smallest = over(&|speeds| speeds[size][call] / speeds[0][call]);
            let of_report = over(&|speeds| speeds[size][call] / speeds[size][0]);
            let holds = (least..=most).contains(&of_smallest) && of_report >= OF_THE_REPORT;
            good &= holds;
            println!(
                "{} {name}, {rows} rows: {speed:.0} requests/s, {of_smallest:.2} of the smallest's (goal: {least:.2} to {most:.2}), \
                 {of_report:.2} of the report's (goal: {OF_THE_REPORT:.2}); medians of {} rounds",
                if holds { "holds " } else { "MISSED" },
                rounds.len()
            );
        }
    }
    good
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (lower, upper) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
    f64::midpoint(lower, upper)
}
