//! The sizes to hold: 1,000,000 rows generated, loaded and exported.
//!
//! ```text
//! generate          rows/s of the invented extract
//! load              rilevazione::load      against  psql \copy … from   into the bare table, and building its indexes
//! export/one norm   ExportDecrees          against  psql \copy … to     of the same rows in the same order
//! export/a filter…  the same, with a periodo that keeps a tenth of the rows, and six tenths
//! rest/lines        GET …/decreti/righe    against  psql \copy … to     of row_to_json of the same rows
//! rest/file         GET …/decreti/file     against  DownloadDecrees      of the same file
//! export/memory     peak of the service's process, with clients that read slowly
//! ```
//!
//! Each scenario asserts its result before it is timed. Where there is a peer, the two run one right after the other and
//! what is kept is the ratio of the pair ([`side_by_side`]): a machine that is slow or busy is so for both. The goals
//! are told at the end, and one that is missed fails the run. Figures of a real run, and how they were got, are in
//! `benches/README.md`.

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

mod export;
mod extract;
mod generate;
mod goals;
mod load;
mod machine;
mod memory;
mod psql;
mod rest;
mod scene;
mod service;
mod side_by_side;
mod stage;
#[path = "../../tests/it/throw_away.rs"]
mod throw_away;
mod totals;

use std::process::ExitCode;

use criterion::Criterion;

use self::{goals::Goals, scene::SizesScene, side_by_side::TimesThePeer};

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let scene = runtime.block_on(SizesScene::set_up());
    println!("{}", machine::describe(&scene.postgres_version));

    let mut goals = Goals::default();
    let mut absolute = Criterion::default().configure_from_args();
    generate::run(&mut absolute, &scene);
    absolute.final_summary();

    let mut ratios = Criterion::default()
        .with_measurement(TimesThePeer)
        .configure_from_args();
    load::run(&mut ratios, &mut goals, &runtime, &scene);
    export::run(&mut ratios, &mut goals, &runtime, &scene);
    rest::run(&mut ratios, &mut goals, &runtime, &scene);
    ratios.final_summary();

    runtime.block_on(scene.tear_down());
    goals.tell()
}
